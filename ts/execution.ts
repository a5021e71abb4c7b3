// What the operations of the public interface are made of: a command, and how the core is to treat it.

import type { DeserializeOptions, Document, SerializeOptions } from 'bson';
import type { Deadline } from './deadline';
import type { ClientSession } from './session';

/** A read preference as the core reads it. */
export interface ReadPreferenceFields {
  readonly mode: string;
  readonly tags?: readonly Readonly<Record<string, string>>[];
  readonly maxStalenessSeconds?: number;
  readonly hedge?: Document;
}

/**
 * How the core treats commands: which servers they go to, what is appended to them, whether they may be sent again. The
 * core keeps each profile under a number, so reuse the object where nothing of it changes: a new one costs a look-up by its content.
 */
export interface Profile {
  /**
   * - `command`: whatever the user says; nothing is added but what belongs to sessions, and it is sent once.
   * - `read`: goes where the read preference says, with the read concern.
   * - `write`: goes to a writable server, with the write concern.
   * - `writing-aggregate`: an aggregate that ends in `$out` or `$merge`: both concerns; to a secondary only where all servers are at 5.0.
   * - `get-more`, `kill-cursors`: of a cursor, to the server that has it.
   */
  readonly kind: 'command' | 'read' | 'write' | 'writing-aggregate' | 'get-more' | 'kill-cursors';
  readonly readPreference?: ReadPreferenceFields;
  /** Left out where it is empty, and in transactions, which have their own. */
  readonly readConcern?: Document;
  /** The same. `w: 0` sends without waiting for a reply: the promise settles with `{ ok: 1 }` once it is written. */
  readonly writeConcern?: Document;
  /** Whether it is of a form that may be retried at all; the client's `retryReads` and `retryWrites` are heeded beside it. */
  readonly retryable?: boolean;
  /** Whether the reply opens a cursor: behind a load balancer its connection is kept for it. */
  readonly opensCursor?: boolean;
  /** Whether the cursor is a change stream's: errors of servers that do not label them get `ResumableChangeStreamError` of the core. */
  readonly followsChanges?: boolean;
  /** Whether a `getMore` waits at the server for documents that may never come: it does not keep a client from closing. */
  readonly awaitsData?: boolean;
  /** Whether a `maxTimeMS` is computed from the deadline. Default `true`; `false` for tailable cursors' `getMore` and the like. */
  readonly computesMaxTime?: boolean;
  /** Of a `getMore`: how long the server waits for documents, in milliseconds, no longer than the deadline allows. */
  readonly maxAwaitTimeMS?: number | undefined;
  /** The wire version from which on servers know the command: others are not asked. Default any. */
  readonly minWireVersion?: number;
  /** Whether `rawData` is appended, where the server knows it (wire version 27). */
  readonly rawData?: boolean;
}

/** A connection that is kept for a cursor or a holder. */
export interface ConnectionToken {
  readonly low: number;
  readonly high: number;
}

/** Where a reply came from. */
export interface Origin {
  /** The number of its server. */
  readonly server: number;
  readonly connectionId: number;
  /** The connection that is kept for the cursor that was opened, behind a load balancer. */
  readonly pinned: ConnectionToken | undefined;
  /** The labels that the client adds to an error that is made of the reply. */
  readonly labels: readonly string[];
  /** Whether the operation had a `timeoutMS`. */
  readonly isTimed: boolean;
}

/** Labels by their bits: `crates/client/src/labels.rs`. */
const LABELS = [
  'RetryableWriteError',
  'TransientTransactionError',
  'UnknownTransactionCommitResult',
  'NoWritesPerformed',
  'SystemOverloadedError',
  'RetryableError',
  'ResumableChangeStreamError',
] as const;

const NO_LABELS: readonly string[] = [];

/** The labels that a completion's number stands for. */
export function labelNames(bits: number): readonly string[] {
  return bits === 0 ? NO_LABELS : LABELS.filter((_, bit) => bits & (1 << bit));
}

/** Documents that travel beside a command, for its field `name`. Those that are bytes are BSON already. */
export interface Sequence {
  readonly name: string;
  readonly documents: readonly Document[];
  /** All of it as a section of a message, where it was written before. */
  readonly section?: Uint8Array | undefined;
}

/** One command. */
export interface Execution {
  readonly database: string;
  /** The command without `$db`, `lsid`, `txnNumber`, `$clusterTime`, `$readPreference`, concerns and `apiVersion`: the core appends them. */
  readonly command: Document;
  readonly sequences?: readonly Sequence[] | undefined;
  readonly profile: Profile;
  /** The user's, or the one that a cursor keeps; without one the command has an implicit one for itself. */
  readonly session?: ClientSession | undefined;
  /** The server, or the connection, that it has to go to. */
  readonly to?: Pick<Origin, 'server' | 'pinned'> | undefined;
  readonly deadline?: Deadline | undefined;
  /** What tells in events and logs that several commands are one operation: those of a bulk write. */
  readonly operationId?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How the command is written and the reply is read. */
  readonly bson?: (SerializeOptions & DeserializeOptions) | undefined;
}
