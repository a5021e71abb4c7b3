import { ObjectId } from 'bson';
import { toError, type Failure } from './errors';
import type { EventRecord } from './event-record';

/**
 * The base of the events of "Connection Pool Monitoring". Fields are declared and then assigned: one that is defined first is looked up at
 * length, as soon as the eleven classes have passed through the constructor.
 */
export class ConnectionPoolMonitoringEvent {
  /** When it happened, by the core's clock: a busy event loop delays its delivery, not its time. */
  declare readonly time: Date;
  /** The address of the pool's server. */
  declare readonly address: string;

  constructor(record: EventRecord) {
    this.time = new Date(record.time);
    this.address = record.address;
  }
}

/** A pool was created; it is paused. */
export class ConnectionPoolCreatedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolCreated';
  /** The pool's options that were given. */
  declare readonly options: Record<string, number>;

  constructor(record: EventRecord) {
    super(record);
    const { options } = (record.content() ?? { options: {} }) as { options: Record<string, number> };
    this.options = options;
  }
}

/** A pool is ready: it checks connections out and populates. */
export class ConnectionPoolReadyEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolReady';
}

/** A pool was cleared: its connections are stale. */
export class ConnectionPoolClearedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolCleared';
  /** The service that it was cleared for, behind a load balancer. */
  declare readonly serviceId?: ObjectId;
  /** Whether connections in use were interrupted. */
  declare readonly interruptInUseConnections: boolean;

  constructor(record: EventRecord) {
    super(record);
    const { serviceId } = (record.content() ?? {}) as { serviceId?: string };
    if (serviceId) this.serviceId = new ObjectId(serviceId);
    this.interruptInUseConnections = record.reason === 1;
  }
}

/** A pool is closed. */
export class ConnectionPoolClosedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolClosed';
}

/** A connection exists, and is being established. */
export class ConnectionCreatedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCreated';
  declare readonly connectionId: number;

  constructor(record: EventRecord) {
    super(record);
    this.connectionId = record.connectionId;
  }
}

/** A connection is established. */
export class ConnectionReadyEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionReady';
  declare readonly connectionId: number;
  /** Since its creation. */
  declare readonly durationMS: number;

  constructor(record: EventRecord) {
    super(record);
    this.connectionId = record.connectionId;
    this.durationMS = record.durationMS;
  }
}

const closedReasons = ['stale', 'idle', 'error', 'poolClosed'] as const;

/** A connection is closed. */
export class ConnectionClosedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionClosed';
  declare readonly connectionId: number;
  declare readonly reason: (typeof closedReasons)[number];
  /** The service that it belonged to, behind a load balancer. */
  declare readonly serviceId?: ObjectId;
  /** What went wrong, where the reason is `error`. */
  declare readonly error: Error | null;

  constructor(record: EventRecord) {
    super(record);
    const { error, serviceId } = (record.content() ?? {}) as { error?: Failure | null; serviceId?: string | null };
    this.connectionId = record.connectionId;
    this.reason = closedReasons[record.reason] ?? 'error';
    if (serviceId) this.serviceId = new ObjectId(serviceId);
    this.error = error ? toError(error) : null;
  }
}

/** A check-out starts. */
export class ConnectionCheckOutStartedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckOutStarted';
}

/** Stands in where the core said nothing, which it never does. */
const unknown: Failure = { name: 'MongoError', code: 'FERROPOOL_UNKNOWN', message: 'unknown' };

const failedReasons = ['poolClosed', 'timeout', 'connectionError'] as const;

/** A check-out failed. */
export class ConnectionCheckOutFailedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckOutFailed';
  declare readonly reason: (typeof failedReasons)[number];
  /** What it failed with; an abort carries its signal's reason. */
  declare readonly error: Error;
  /** Since it started. */
  declare readonly durationMS: number;

  constructor(record: EventRecord) {
    super(record);
    const { error } = (record.content() ?? { error: unknown }) as { error: Failure };
    this.reason = failedReasons[record.reason] ?? 'connectionError';
    this.error = (error.name === 'AbortError' && record.abortReason) || toError(error);
    this.durationMS = record.durationMS;
  }
}

/** A connection is checked out. */
export class ConnectionCheckedOutEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckedOut';
  declare readonly connectionId: number;
  /** Since the check-out started. */
  declare readonly durationMS: number;

  constructor(record: EventRecord) {
    super(record);
    this.connectionId = record.connectionId;
    this.durationMS = record.durationMS;
  }
}

/** A connection is checked in. */
export class ConnectionCheckedInEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckedIn';
  declare readonly connectionId: number;

  constructor(record: EventRecord) {
    super(record);
    this.connectionId = record.connectionId;
  }
}

/** The events of a pool, by name, with their listeners. */
export type ConnectionPoolEvents = {
  connectionPoolCreated(event: ConnectionPoolCreatedEvent): void;
  connectionPoolReady(event: ConnectionPoolReadyEvent): void;
  connectionPoolCleared(event: ConnectionPoolClearedEvent): void;
  connectionPoolClosed(event: ConnectionPoolClosedEvent): void;
  connectionCreated(event: ConnectionCreatedEvent): void;
  connectionReady(event: ConnectionReadyEvent): void;
  connectionClosed(event: ConnectionClosedEvent): void;
  connectionCheckOutStarted(event: ConnectionCheckOutStartedEvent): void;
  connectionCheckOutFailed(event: ConnectionCheckOutFailedEvent): void;
  connectionCheckedOut(event: ConnectionCheckedOutEvent): void;
  connectionCheckedIn(event: ConnectionCheckedInEvent): void;
};

/** The pool's events in the order of the numbers that the core gives them. */
export const poolEvents = [
  ConnectionPoolCreatedEvent,
  ConnectionPoolReadyEvent,
  ConnectionPoolClearedEvent,
  ConnectionPoolClosedEvent,
  ConnectionCreatedEvent,
  ConnectionReadyEvent,
  ConnectionClosedEvent,
  ConnectionCheckOutStartedEvent,
  ConnectionCheckOutFailedEvent,
  ConnectionCheckedOutEvent,
  ConnectionCheckedInEvent,
] as const;

/** Their names, in the same order. */
export const poolEventNames = [
  'connectionPoolCreated',
  'connectionPoolReady',
  'connectionPoolCleared',
  'connectionPoolClosed',
  'connectionCreated',
  'connectionReady',
  'connectionClosed',
  'connectionCheckOutStarted',
  'connectionCheckOutFailed',
  'connectionCheckedOut',
  'connectionCheckedIn',
] as const satisfies readonly (keyof ConnectionPoolEvents)[];
