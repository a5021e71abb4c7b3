import { ObjectId } from 'bson';
import { toError, type Failure } from './errors';
import type { EventRecord } from './event-record';

/** The base of the events of "Connection Pool Monitoring". It sets nothing: where eleven classes share a constructor, each store is a search. */
export abstract class ConnectionPoolMonitoringEvent {
  /** When it happened, by the core's clock: a busy event loop delays its delivery, not its time. Events of the same millisecond may share it. */
  declare readonly time: Date;
  /** The address of the pool's server. */
  declare readonly address: string;
}

/** A pool was created; it is paused. */
export class ConnectionPoolCreatedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolCreated';

  constructor(
    override readonly time: Date,
    override readonly address: string,
    /** The pool's options that were given. */
    readonly options: Record<string, number>,
  ) {
    super();
  }
}

/** A pool is ready: it checks connections out and populates. */
export class ConnectionPoolReadyEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolReady';

  constructor(
    override readonly time: Date,
    override readonly address: string,
  ) {
    super();
  }
}

/** A pool was cleared: its connections are stale. */
export class ConnectionPoolClearedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolCleared';
  /** The service that it was cleared for, behind a load balancer. */
  declare readonly serviceId?: ObjectId;

  constructor(
    override readonly time: Date,
    override readonly address: string,
    /** Whether connections in use were interrupted. */
    readonly interruptInUseConnections: boolean,
    serviceId?: string,
  ) {
    super();
    if (serviceId) this.serviceId = new ObjectId(serviceId);
  }
}

/** A pool is closed. */
export class ConnectionPoolClosedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolClosed';

  constructor(
    override readonly time: Date,
    override readonly address: string,
  ) {
    super();
  }
}

/** A connection exists, and is being established. */
export class ConnectionCreatedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCreated';

  constructor(
    override readonly time: Date,
    override readonly address: string,
    readonly connectionId: number,
  ) {
    super();
  }
}

/** A connection is established. */
export class ConnectionReadyEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionReady';

  constructor(
    override readonly time: Date,
    override readonly address: string,
    readonly connectionId: number,
    /** Since its creation. */
    readonly durationMS: number,
  ) {
    super();
  }
}

const closedReasons = ['stale', 'idle', 'error', 'poolClosed'] as const;

/** A connection is closed. */
export class ConnectionClosedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionClosed';
  /** The service that it belonged to, behind a load balancer. */
  declare readonly serviceId?: ObjectId;

  constructor(
    override readonly time: Date,
    override readonly address: string,
    readonly connectionId: number,
    readonly reason: (typeof closedReasons)[number],
    /** What went wrong, where the reason is `error`. */
    readonly error: Error | null,
    serviceId?: string | null,
  ) {
    super();
    if (serviceId) this.serviceId = new ObjectId(serviceId);
  }
}

/** A check-out starts. */
export class ConnectionCheckOutStartedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckOutStarted';

  constructor(
    override readonly time: Date,
    override readonly address: string,
  ) {
    super();
  }
}

const failedReasons = ['poolClosed', 'timeout', 'connectionError'] as const;

/** A check-out failed. */
export class ConnectionCheckOutFailedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckOutFailed';

  constructor(
    override readonly time: Date,
    override readonly address: string,
    readonly reason: (typeof failedReasons)[number],
    /** What it failed with; an abort carries its signal's reason. */
    readonly error: Error,
    /** Since it started. */
    readonly durationMS: number,
  ) {
    super();
  }
}

/** A connection is checked out. */
export class ConnectionCheckedOutEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckedOut';

  constructor(
    override readonly time: Date,
    override readonly address: string,
    readonly connectionId: number,
    /** Since the check-out started. */
    readonly durationMS: number,
  ) {
    super();
  }
}

/** A connection is checked in. */
export class ConnectionCheckedInEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckedIn';

  constructor(
    override readonly time: Date,
    override readonly address: string,
    readonly connectionId: number,
  ) {
    super();
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

type PoolEvent = Parameters<ConnectionPoolEvents[keyof ConnectionPoolEvents]>[0];

/** Makers of the pool's events, in the order of the numbers that the core gives them. Each knows one class, so that the engine does. */
export const poolEvents: readonly ((record: EventRecord) => PoolEvent)[] = [
  (record) => {
    const { options } = (record.content() ?? { options: {} }) as { options: Record<string, number> };
    return new ConnectionPoolCreatedEvent(record.date(), record.address, options);
  },
  (record) => new ConnectionPoolReadyEvent(record.date(), record.address),
  (record) => {
    const { serviceId } = (record.content() ?? {}) as { serviceId?: string };
    return new ConnectionPoolClearedEvent(record.date(), record.address, record.reason === 1, serviceId);
  },
  (record) => new ConnectionPoolClosedEvent(record.date(), record.address),
  (record) => new ConnectionCreatedEvent(record.date(), record.address, record.connectionId),
  (record) => new ConnectionReadyEvent(record.date(), record.address, record.connectionId, record.durationMS),
  (record) => {
    const { error, serviceId } = (record.content() ?? {}) as { error?: Failure | null; serviceId?: string | null };
    const reason = closedReasons[record.reason] ?? 'error';
    return new ConnectionClosedEvent(record.date(), record.address, record.connectionId, reason, error ? toError(error) : null, serviceId);
  },
  (record) => new ConnectionCheckOutStartedEvent(record.date(), record.address),
  (record) => {
    const { error } = (record.content() ?? { error: unknown }) as { error: Failure };
    const reason = failedReasons[record.reason] ?? 'connectionError';
    const shown = (error.name === 'AbortError' && record.abortReason) || toError(error);
    return new ConnectionCheckOutFailedEvent(record.date(), record.address, reason, shown, record.durationMS);
  },
  (record) => new ConnectionCheckedOutEvent(record.date(), record.address, record.connectionId, record.durationMS),
  (record) => new ConnectionCheckedInEvent(record.date(), record.address, record.connectionId),
];

/** Stands in where the core said nothing, which it never does. */
const unknown: Failure = { name: 'MongoError', code: 'FERROPOOL_UNKNOWN', message: 'unknown' };

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
