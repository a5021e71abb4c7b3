import { ObjectId, type Document } from 'bson';
import { toError, type Failure } from './errors';

/** The base of the events of "Connection Pool Monitoring". */
export class ConnectionPoolMonitoringEvent {
  /** When it happened, by the core's clock: a busy event loop delays its delivery, not its time. */
  readonly time: Date;
  /** The address of the pool's server. */
  readonly address: string;

  constructor(record: EventRecord) {
    this.time = new Date(record.time);
    this.address = record.address;
  }
}

/** A pool was created; it is paused. */
export class ConnectionPoolCreatedEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionPoolCreated';
  /** The pool's options that were given. */
  readonly options: Record<string, number>;

  constructor(record: EventRecord) {
    super(record);
    const { options } = (record.text?.() ?? { options: {} }) as { options: Record<string, number> };
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
  readonly interruptInUseConnections: boolean;

  constructor(record: EventRecord) {
    super(record);
    const { serviceId } = (record.text?.() ?? {}) as { serviceId?: string };
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
  readonly connectionId: number;

  constructor(record: EventRecord) {
    super(record);
    this.connectionId = record.connectionId;
  }
}

/** A connection is established. */
export class ConnectionReadyEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionReady';
  readonly connectionId: number;
  /** Since its creation. */
  readonly durationMS: number;

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
  readonly connectionId: number;
  readonly reason: (typeof closedReasons)[number];
  /** The service that it belonged to, behind a load balancer. */
  declare readonly serviceId?: ObjectId;
  /** What went wrong, where the reason is `error`. */
  readonly error: Error | null;

  constructor(record: EventRecord) {
    super(record);
    const { error, serviceId } = (record.text?.() ?? {}) as { error?: Failure | null; serviceId?: string | null };
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
  readonly reason: (typeof failedReasons)[number];
  /** What it failed with; an abort carries its signal's reason. */
  readonly error: Error;
  /** Since it started. */
  readonly durationMS: number;

  constructor(record: EventRecord) {
    super(record);
    const { error } = (record.text?.() ?? { error: unknown }) as { error: Failure };
    this.reason = failedReasons[record.reason] ?? 'connectionError';
    this.error = (error.name === 'AbortError' && record.abortReason) || toError(error);
    this.durationMS = record.durationMS;
  }
}

/** A connection is checked out. */
export class ConnectionCheckedOutEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckedOut';
  readonly connectionId: number;
  /** Since the check-out started. */
  readonly durationMS: number;

  constructor(record: EventRecord) {
    super(record);
    this.connectionId = record.connectionId;
    this.durationMS = record.durationMS;
  }
}

/** A connection is checked in. */
export class ConnectionCheckedInEvent extends ConnectionPoolMonitoringEvent {
  readonly name = 'connectionCheckedIn';
  readonly connectionId: number;

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

/** A command is sent. Commands that carry secrets are shown empty. */
export class CommandStartedEvent {
  readonly name = 'commandStarted';
  constructor(
    readonly address: string,
    readonly requestId: number,
    readonly connectionId: number,
    readonly databaseName: string,
    readonly commandName: string,
    readonly command: Document,
    /** The server's own number for the connection, as its log has it; null where it gives none. */
    readonly serverConnectionId: bigint | null,
  ) {}
}

/** A command's reply is there. */
export class CommandSucceededEvent {
  readonly name = 'commandSucceeded';
  constructor(
    readonly address: string,
    readonly requestId: number,
    readonly connectionId: number,
    readonly commandName: string,
    /** Since it was sent. */
    readonly duration: number,
    readonly reply: unknown,
    /** The server's own number for the connection, as its log has it; null where it gives none. */
    readonly serverConnectionId: bigint | null,
    readonly databaseName: string,
  ) {}
}

/** A command failed, by the server's word or because the connection did. */
export class CommandFailedEvent {
  readonly name = 'commandFailed';
  constructor(
    readonly address: string,
    readonly requestId: number,
    readonly connectionId: number,
    readonly commandName: string,
    /** Since it was sent. */
    readonly duration: number,
    readonly failure: Error,
    /** The server's own number for the connection, as its log has it; null where it gives none. */
    readonly serverConnectionId: bigint | null,
    readonly databaseName: string,
  ) {}
}

/** The events of commands, by name, with their listeners. */
export type CommandEvents = {
  commandStarted(event: CommandStartedEvent): void;
  commandSucceeded(event: CommandSucceededEvent): void;
  commandFailed(event: CommandFailedEvent): void;
};

/** An event as the core recorded it. */
export interface EventRecord {
  address: string;
  connectionId: number;
  time: number;
  durationMS: number;
  reason: number;
  /** What numbers cannot say. */
  text?: (() => unknown) | undefined;
  /** The reason of the signal that gave the check-out up. */
  abortReason?: Error | undefined;
}

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

/** The number of `commandStarted`, behind the pool's events. */
export const COMMAND_STARTED = 11;

/** The number of a request for credentials, which is nothing that a user hears of. */
export const CREDENTIAL_WANTED = 12;

/** The number of an event of a topology. */
export const TOPOLOGY = 13;

/** The number of a step of a selection, which only logs have. */
export const SELECTION = 17;

export const commandEventNames = ['commandStarted', 'commandSucceeded', 'commandFailed'] as const;
