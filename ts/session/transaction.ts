import type { Document } from 'bson';
import { ReadConcern, ReadPreference, WriteConcern, type ReadConcernLike, type ReadPreferenceLike, type WriteConcernOptions } from '../concerns';
import type { Endpoint } from '../endpoint';
import { MongoInvalidArgumentError, MongoTransactionError } from '../errors';

/** What a transaction is started with. What is left out is the session's, else the client's. */
export interface TransactionOptions extends WriteConcernOptions {
  readConcern?: ReadConcernLike;
  /** The primary, whatever it is called. */
  readPreference?: ReadPreferenceLike;
  /** How long the commit may take on the server, in milliseconds. */
  maxCommitTimeMS?: number;
}

/** For the end of a transaction. */
export interface EndTransactionOptions {
  /** Bounds it, in milliseconds, 0 for no limit. @defaultValue the session's `defaultTimeoutMS`, else the client's */
  timeoutMS?: number;
}

/** How far a transaction has come. */
export type TransactionState = 'none' | 'starting' | 'in_progress' | 'committed' | 'committed_empty' | 'aborted';

/** A session's transaction, at one moment. */
export class Transaction {
  /** @internal */
  constructor(
    readonly state: TransactionState,
    /** Whether it is bound to a router, or to a connection behind a load balancer. */
    readonly isPinned: boolean,
    /** The router's address. */
    readonly address: string | undefined,
    readonly recoveryToken: Document | undefined,
  ) {}

  get isStarting(): boolean {
    return this.state === 'starting';
  }

  get isActive(): boolean {
    return this.state === 'starting' || this.state === 'in_progress';
  }

  get isCommitted(): boolean {
    return this.state === 'committed' || this.state === 'committed_empty' || this.state === 'aborted';
  }
}

/** The options as the core reads them. */
export function transactionOptions(given: TransactionOptions, defaults: TransactionOptions, endpoint: Endpoint): Document {
  const client = endpoint.options as { readConcern?: ReadConcernLike; writeConcern?: WriteConcernOptions['writeConcern']; readPreference?: ReadPreferenceLike };
  const options = { ...defaults, ...given };
  const inherited = <T>(value: T | undefined, from: T | undefined) => (value === undefined ? from : value);
  const readConcern = ReadConcern.fromOptions({ readConcern: inherited(options.readConcern, client.readConcern) });
  const writeConcern = WriteConcern.fromOptions({ writeConcern: inherited(options.writeConcern, client.writeConcern) } as WriteConcernOptions);
  const readPreference = ReadPreference.fromOptions({ readPreference: inherited(options.readPreference, client.readPreference) });
  if (writeConcern?.w === 0) throw new MongoTransactionError('Transactions do not support unacknowledged write concern');
  const { maxCommitTimeMS } = options;
  if (maxCommitTimeMS !== undefined && !(maxCommitTimeMS >= 0)) {
    throw new MongoInvalidArgumentError(`"maxCommitTimeMS" must be a number from 0, received ${String(maxCommitTimeMS)}`);
  }
  return {
    readConcern: readConcern?.toJSON(),
    writeConcern: writeConcern?.toJSON(),
    readPreference: readPreference?.toJSON(),
    maxCommitTimeMS,
  };
}
