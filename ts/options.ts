import type { DeserializeOptions } from 'bson';
import type { ReadPreferenceMode } from './client-options';
import { MongoInvalidArgumentError } from './errors';

/** Which lane carries a client: the environment's event loop, or the core's own threads. */
export type LaneKind = 'auto' | 'event-loop' | 'tokio';

/** For one command. */
export interface CommandOptions extends Pick<DeserializeOptions, 'promoteValues' | 'promoteLongs' | 'promoteBuffers' | 'useBigInt64' | 'raw'> {
  /** Gives the command up: the promise is rejected at once with the signal's reason. */
  signal?: AbortSignal;
  /** Bounds the command, its check-out included, in milliseconds, 0 for no limit. */
  timeoutMS?: number;
  /** Which servers may answer. @defaultValue 'primary' */
  readPreference?: ReadPreferenceMode;
}

/** For one check-out. */
export interface CheckOutOptions {
  /** Gives the check-out up: the promise is rejected at once with the signal's reason. */
  signal?: AbortSignal;
  /** How long to wait, in milliseconds, instead of `waitQueueTimeoutMS`; 0 for no limit. */
  timeoutMS?: number;
  /** The server to choose; there is one in this version. */
  readPreference?: CommandOptions['readPreference'];
}

/** For `warm`. */
export interface WarmOptions {
  /** How many connections to wait for. @defaultValue `minPoolSize` */
  min?: number;
  /** Stops waiting. */
  signal?: AbortSignal;
}

/** For `close`. */
export interface CloseOptions {
  /** When connections that are still in use are interrupted, in milliseconds. No deadline by default. */
  drainMS?: number;
}

/** What a close did. */
export interface CloseResult {
  /** Connections in use that were returned in time. */
  drained: number;
  /** Connections in use that were interrupted. */
  interrupted: number;
  /** Check-outs that were waiting and were rejected. */
  rejected: number;
}

/** A pool at one moment, counted by the core. */
export interface PoolStats {
  address: string;
  state: 'paused' | 'ready' | 'closed';
  generation: number;
  totalConnectionCount: number;
  pendingConnectionCount: number;
  availableConnectionCount: number;
  inUseConnectionCount: number;
  /** Connections in use by what they are used for. */
  inUse: { operation: number; cursor: number; transaction: number };
  waitQueueSize: number;
  /** Sums over the pool's life from here on. */
  checkOutsStarted: number;
  checkedOut: number;
  checkOutsFailed: { poolClosed: number; timeout: number; connectionError: number };
  connectionsCreated: number;
  connectionsReady: number;
  connectionsClosed: { stale: number; idle: number; error: number; poolClosed: number };
  cleared: number;
  /** Events that a stalled listener lost. */
  eventsLost: number;
  /** How long check-outs waited. */
  waitP50MS: number;
  waitP99MS: number;
  /** How long the phases of the establishments took that succeeded. */
  establishment: Record<'dns' | 'tcp' | 'tls' | 'hello' | 'auth', PhaseTimes>;
}

/** How long one phase took over a pool's life. */
export interface PhaseTimes {
  meanMS: number;
  maxMS: number;
}

/** The options that may be objects. What is in others is not looked at: it may be large, or have cycles. */
const RECORDS = new Set(['auth', 'authMechanismProperties', 'driverInfo', 'mongodbLogComponentSeverities', 'readConcern', 'readPreference', 'readPreferenceTags', 'serverApi', 'writeConcern']);

/** How deep they are: an array of tag sets in a read preference. */
const DEEPEST = 3;

/** The options as the core reads them: JSON, with what JSON cannot say spelled out. See `crates/node/src/options.rs`. */
export function encodeOptions(options: object): string {
  if (options === null || typeof options !== 'object') {
    throw new MongoInvalidArgumentError(`Options must be an object, received ${typeof options === 'string' ? 'a string' : String(options)}`);
  }
  return JSON.stringify(encodeFields(options, (name) => (RECORDS.has(name) ? DEEPEST : 0)));
}

function encodeFields(fields: object, depth: (name: string) => number): [name: string, value: unknown][] {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => [name, encodeValue(value, depth(name))]);
}

/** `depth` is how many objects inside each other are looked into. */
function encodeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : { number: String(value) };
  if (typeof value === 'function') return { function: true };
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  // Arrays of texts are fine everywhere: `ca`, `compressors`.
  if (Array.isArray(value) && depth > -2) return value.map((item) => encodeValue(item, depth - 1));
  // A destination of log messages: its function may be a class's, and there may be anything beside it.
  if (typeof (value as { write?: unknown } | null)?.write === 'function') return { record: [['write', { function: true }]] };
  if (typeof value === 'object' && value !== null && depth > 0) return { record: encodeFields(value, () => depth - 1) };
  return { other: value === null ? 'null' : `${typeof value === 'bigint' ? `${value}n` : `a value of type ${typeof value}`}` };
}

/** A number of milliseconds that a call was given, or -1 for none. */
export function milliseconds(name: string, value: number | undefined): number {
  if (value === undefined) return -1;
  return count(name, value);
}

/** A number that a call was given and that has to be a whole one. */
export function count(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 2147483647) {
    throw new MongoInvalidArgumentError(`"${name}" must be an integer from 0 to 2147483647, received ${String(value)}`);
  }
  return value;
}

/** A time-out as the core has it: -1 for none, which is the client's, and infinite where 0 says that there is no limit. */
export function timeout(name: string, value: number | undefined): number {
  const given = milliseconds(name, value);
  return given === 0 ? Infinity : given;
}

/** Refuses options that a call does not know, and what cannot be options. */
export function checkNames(call: string, options: object, allowed: readonly string[]): void {
  if (options === null || typeof options !== 'object') {
    throw new MongoInvalidArgumentError(`The options of ${call} must be an object, received ${String(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!allowed.includes(name)) {
      throw new MongoInvalidArgumentError(`Unknown option "${name}" of ${call}; allowed are ${allowed.join(', ')}`);
    }
  }
}

/** The core's number for a read preference's mode; `primary` without one. */
export function modeNumber(mode: CommandOptions['readPreference']): number {
  return mode === undefined ? 0 : READ_PREFERENCES.indexOf(mode);
}

const READ_PREFERENCES: readonly unknown[] = ['primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest', undefined];

/** What commands and check-outs have in common: who may give them up, and which server they go to. */
export function checkRequest({ signal, readPreference }: { signal?: AbortSignal; readPreference?: CommandOptions['readPreference'] }): void {
  // By what it can do: a test environment may have an AbortSignal of its own.
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    throw new MongoInvalidArgumentError(`"signal" must be an AbortSignal, received ${String(signal)}`);
  }
  if (!READ_PREFERENCES.includes(readPreference)) {
    const allowed = READ_PREFERENCES.slice(0, -1).join('", "');
    throw new MongoInvalidArgumentError(`"readPreference" must be one of "${allowed}", received ${String(readPreference)}`);
  }
}

/** Refuses what no server takes for a database's name. */
export function checkDatabaseName(name: string): void {
  if (typeof name !== 'string' || name === '' || /[\0 ."$/\\]/.test(name)) {
    throw new MongoInvalidArgumentError(
      `A database's name must not be empty or contain any of \\0 . " $ / \\ or a space, received ${typeof name === 'string' ? JSON.stringify(name) : String(name)}`,
    );
  }
}
