import { deserialize, Long, ObjectId, type Document } from 'bson';
import type { ServerType, TopologyType } from './constants';
import { toError, type Failure } from './errors';

/** What is known of one server. Frozen. */
export interface ServerDescription {
  readonly address: string;
  readonly type: ServerType;
  readonly hosts: readonly string[];
  readonly passives: readonly string[];
  readonly arbiters: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Why it is unknown, where that is known. */
  readonly error: Error | null;
  readonly topologyVersion: { readonly processId: ObjectId; readonly counter: Long } | null;
  readonly minWireVersion: number;
  readonly maxWireVersion: number;
  /** The moving average in milliseconds; -1 before there is one. */
  readonly roundTripTime: number;
  /** The least of the last ten in milliseconds; 0 before there are two. */
  readonly minRoundTripTime: number;
  /** When it was last checked, in milliseconds by the clock of `performance.now()`; -1 where it never was. */
  readonly lastUpdateTime: number;
  /** Milliseconds since the epoch; 0 where that is not known. */
  readonly lastWriteDate: number;
  readonly me: string | null;
  readonly primary: string | null;
  readonly setName: string | null;
  readonly setVersion: number | null;
  readonly electionId: ObjectId | null;
  readonly logicalSessionTimeoutMinutes: number | null;
  readonly maxMessageSizeBytes: number | null;
  readonly maxWriteBatchSize: number | null;
  readonly maxBsonObjectSize: number | null;
}

/** What is known of a deployment. Frozen. */
export interface TopologyDescription {
  readonly type: TopologyType;
  readonly setName: string | null;
  readonly maxSetVersion: number | null;
  readonly maxElectionId: ObjectId | null;
  /** By their addresses, in the order of these. */
  readonly servers: ReadonlyMap<string, ServerDescription>;
  readonly compatible: boolean;
  /** Why a server cannot be talked to; absent if all can be. */
  readonly compatibilityError?: string;
  readonly logicalSessionTimeoutMinutes: number | null;
  readonly heartbeatFrequencyMS: number;
  readonly localThresholdMS: number;
}

/** A client begins to watch its deployment: with its first use. */
export class TopologyOpeningEvent {
  readonly name = 'topologyOpening';
  constructor(readonly topologyId: number) {}
}

/** A client no longer watches its deployment. */
export class TopologyClosedEvent {
  readonly name = 'topologyClosed';
  constructor(readonly topologyId: number) {}
}

/** A deployment is described otherwise. */
export class TopologyDescriptionChangedEvent {
  readonly name = 'topologyDescriptionChanged';
  constructor(
    readonly topologyId: number,
    readonly previousDescription: TopologyDescription,
    readonly newDescription: TopologyDescription,
  ) {}
}

/** A server is new in the deployment, and will be watched. */
export class ServerOpeningEvent {
  readonly name = 'serverOpening';
  constructor(
    readonly topologyId: number,
    readonly address: string,
  ) {}
}

/** A server has left the deployment, and its pool is closed. */
export class ServerClosedEvent {
  readonly name = 'serverClosed';
  constructor(
    readonly topologyId: number,
    readonly address: string,
  ) {}
}

/** A server is described otherwise; round-trip times alone are no change. */
export class ServerDescriptionChangedEvent {
  readonly name = 'serverDescriptionChanged';
  constructor(
    readonly topologyId: number,
    readonly address: string,
    readonly previousDescription: ServerDescription,
    readonly newDescription: ServerDescription,
  ) {}
}

/** A server's monitor asks it, or waits for it to change. */
export class ServerHeartbeatStartedEvent {
  readonly name = 'serverHeartbeatStarted';
  constructor(
    /** The server's address. */
    readonly connectionId: string,
    /** Whether the server is waited for. */
    readonly awaited: boolean,
    /** The client's number for the monitor's connection. */
    readonly driverConnectionId: number,
    /** The server's own number for it, as its log has it; null before the first reply, and where it gives none. */
    readonly serverConnectionId: bigint | null,
  ) {}
}

/** A server has answered its monitor. */
export class ServerHeartbeatSucceededEvent {
  readonly name = 'serverHeartbeatSucceeded';
  constructor(
    /** The server's address. */
    readonly connectionId: string,
    /** Since the start, in milliseconds. */
    readonly duration: number,
    readonly reply: Document,
    /** Whether the server was waited for. */
    readonly awaited: boolean,
    /** The client's number for the monitor's connection. */
    readonly driverConnectionId: number,
    /** The server's own number for it, as its log has it; null before the first reply, and where it gives none. */
    readonly serverConnectionId: bigint | null,
  ) {}
}

/** A server's monitor got no answer, or an error. */
export class ServerHeartbeatFailedEvent {
  readonly name = 'serverHeartbeatFailed';
  constructor(
    /** The server's address. */
    readonly connectionId: string,
    /** Since the start, in milliseconds. */
    readonly duration: number,
    readonly failure: Error,
    /** Whether the server was waited for. */
    readonly awaited: boolean,
    /** The client's number for the monitor's connection. */
    readonly driverConnectionId: number,
    /** The server's own number for it, as its log has it; null before the first reply, and where it gives none. */
    readonly serverConnectionId: bigint | null,
  ) {}
}

/** The events of "SDAM Monitoring", by name, with their listeners. */
export type TopologyEvents = {
  topologyOpening(event: TopologyOpeningEvent): void;
  topologyClosed(event: TopologyClosedEvent): void;
  topologyDescriptionChanged(event: TopologyDescriptionChangedEvent): void;
  serverOpening(event: ServerOpeningEvent): void;
  serverClosed(event: ServerClosedEvent): void;
  serverDescriptionChanged(event: ServerDescriptionChangedEvent): void;
  serverHeartbeatStarted(event: ServerHeartbeatStartedEvent): void;
  serverHeartbeatSucceeded(event: ServerHeartbeatSucceededEvent): void;
  serverHeartbeatFailed(event: ServerHeartbeatFailedEvent): void;
};

export const topologyEventNames = [
  'topologyOpening',
  'topologyClosed',
  'topologyDescriptionChanged',
  'serverOpening',
  'serverClosed',
  'serverDescriptionChanged',
  'serverHeartbeatStarted',
  'serverHeartbeatSucceeded',
  'serverHeartbeatFailed',
] as const satisfies readonly (keyof TopologyEvents)[];

/** A description as the core writes it: `crates/node/src/topology_events.rs`. */
type ServerFields = Omit<ServerDescription, 'error' | 'topologyVersion' | 'lastUpdateTime' | 'lastWriteDate' | 'electionId'> & {
  error: Failure | null;
  topologyVersion: { processId: string; counter: string } | null;
  /** How many milliseconds ago it was checked. */
  updatedAgo: number | null;
  lastWriteDate: number | null;
  electionId: string | null;
};

type TopologyFields = Omit<TopologyDescription, 'servers' | 'maxElectionId' | 'compatibilityError' | 'heartbeatFrequencyMS'> & {
  servers: ServerFields[];
  maxElectionId: string | null;
  compatibilityError: string | null;
  heartbeatFrequencyMS: number | null;
};

/** An event as the core writes it: the fields of its name are there. */
export interface TopologyRecord {
  name: keyof TopologyEvents;
  address: string;
  previousDescription: unknown;
  newDescription: unknown;
  connectionId: string;
  awaited: boolean;
  duration: number;
  /** A BSON document in hexadecimal digits. */
  reply: string;
  failure: Failure;
  driverConnectionId: number;
  serverConnectionId: string | null;
}

/** The event that a record of the core is of. */
export function topologyEvent(topologyId: number, record: TopologyRecord): Parameters<TopologyEvents[keyof TopologyEvents]>[0] {
  const { address, connectionId, awaited, duration, driverConnectionId } = record;
  const serverConnectionId = typeof record.serverConnectionId === 'string' ? BigInt(record.serverConnectionId) : null;
  switch (record.name) {
    case 'topologyOpening':
      return new TopologyOpeningEvent(topologyId);
    case 'topologyClosed':
      return new TopologyClosedEvent(topologyId);
    case 'topologyDescriptionChanged':
      return new TopologyDescriptionChangedEvent(topologyId, topology(record.previousDescription), topology(record.newDescription));
    case 'serverOpening':
      return new ServerOpeningEvent(topologyId, address);
    case 'serverClosed':
      return new ServerClosedEvent(topologyId, address);
    case 'serverDescriptionChanged':
      return new ServerDescriptionChangedEvent(topologyId, address, server(record.previousDescription), server(record.newDescription));
    case 'serverHeartbeatStarted':
      return new ServerHeartbeatStartedEvent(connectionId, awaited, driverConnectionId, serverConnectionId);
    case 'serverHeartbeatSucceeded': {
      const reply = deserialize(Buffer.from(record.reply, 'hex'));
      return new ServerHeartbeatSucceededEvent(connectionId, duration, reply, awaited, driverConnectionId, serverConnectionId);
    }
    case 'serverHeartbeatFailed':
      return new ServerHeartbeatFailedEvent(connectionId, duration, toError(record.failure), awaited, driverConnectionId, serverConnectionId);
  }
}

function topology(fields: unknown): TopologyDescription {
  const { servers, maxElectionId, compatibilityError, heartbeatFrequencyMS, ...rest } = fields as TopologyFields;
  return Object.freeze({
    ...rest,
    maxElectionId: maxElectionId === null ? null : new ObjectId(maxElectionId),
    servers: new Map(servers.map((described) => [described.address, server(described)])),
    ...(compatibilityError !== null && { compatibilityError }),
    heartbeatFrequencyMS: heartbeatFrequencyMS ?? 0,
  });
}

function server(fields: unknown): ServerDescription {
  const { error, topologyVersion, updatedAgo, lastWriteDate, electionId, ...rest } = fields as ServerFields;
  return Object.freeze({
    ...rest,
    error: error && toError(error),
    topologyVersion: topologyVersion && {
      processId: new ObjectId(topologyVersion.processId),
      counter: Long.fromString(topologyVersion.counter),
    },
    lastUpdateTime: updatedAgo === null ? -1 : performance.now() - updatedAgo,
    lastWriteDate: lastWriteDate ?? 0,
    electionId: electionId === null ? null : new ObjectId(electionId),
  });
}
