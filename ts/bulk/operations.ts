import type { Document } from 'bson';
import { checkReplacement, checkUpdate, type CollationOptions, type Hint } from '../collection/fields';
import { deleteStatement, updateStatement } from '../collection/write';
import { MongoAPIError, MongoInvalidArgumentError } from '../errors';
import { addId, type PrimaryKeyOptions } from '../primary-key';
import type { Scope } from '../scope';
import { Statements } from './batches';
import { addOperation, keysOf } from './bulk-write';
import { executeBulk } from './execute';
import { BatchType, type AnyBulkWriteOperation, type BulkWriteOptions } from './models';
import type { BulkWriteResult } from './result';

/** A bulk was executed before. */
export class MongoBatchReExecutionError extends MongoAPIError {
  constructor(message = 'This batch has already been executed, create new batch to execute') {
    super(message);
  }

  override get name(): string {
    return 'MongoBatchReExecutionError';
  }
}

/** A bulk that is put together call by call. */
export abstract class BulkOperationBase {
  readonly #scope: Scope;
  readonly #collection: string;
  readonly #options: BulkWriteOptions;
  readonly #keys: PrimaryKeyOptions;
  readonly #statements: Statements;
  #isExecuted = false;

  /** @internal */
  constructor(
    scope: Scope,
    collection: string,
    options: BulkWriteOptions,
    keys: PrimaryKeyOptions,
    readonly isOrdered: boolean,
  ) {
    this.#scope = scope.with(options);
    this.#collection = collection;
    this.#options = options;
    this.#keys = keysOf(options, keys);
    this.#statements = new Statements(isOrdered);
  }

  /** How many operations there are. */
  get length(): number {
    return this.#statements.length;
  }

  insert(document: Document): this {
    addId(document, this.#keys);
    return this.add(BatchType.INSERT, document);
  }

  /** What an update or a removal is to be done with. */
  find(selector: Document): FindOperators {
    if (!selector) throw new MongoInvalidArgumentError('Bulk find operation must specify a selector');
    return new FindOperators(this, selector);
  }

  /** An operation as `bulkWrite` takes it. */
  raw(operation: AnyBulkWriteOperation): this {
    addOperation(this.#statements, operation, this.#scope, this.#keys);
    return this;
  }

  /**
   * Sends it.
   *
   * @throws {@link MongoBulkWriteError}, {@link MongoBatchReExecutionError} the second time.
   */
  async execute(options: BulkWriteOptions = {}): Promise<BulkWriteResult> {
    if (this.#isExecuted) throw new MongoBatchReExecutionError();
    if (this.length > 0) this.#isExecuted = true;
    return executeBulk(this.#scope.with(options), this.#collection, this.#statements, { ...this.#options, ...options });
  }

  /** @internal */
  add(type: BatchType, statement: Document): this {
    this.#statements.add(type, statement);
    return this;
  }
}

export class OrderedBulkOperation extends BulkOperationBase {
  /** @internal */
  constructor(scope: Scope, collection: string, options: BulkWriteOptions = {}, keys: PrimaryKeyOptions = {}) {
    super(scope, collection, options, keys, true);
  }
}

export class UnorderedBulkOperation extends BulkOperationBase {
  /** @internal */
  constructor(scope: Scope, collection: string, options: BulkWriteOptions = {}, keys: PrimaryKeyOptions = {}) {
    super(scope, collection, options, keys, false);
  }
}

/** What is done with the documents that a selector matches. */
export class FindOperators {
  readonly #bulk: BulkOperationBase;
  readonly #selector: Document;
  readonly #options: { upsert?: boolean; collation?: CollationOptions; arrayFilters?: Document[]; hint?: Hint } = {};

  /** @internal */
  constructor(bulk: BulkOperationBase, selector: Document) {
    this.#bulk = bulk;
    this.#selector = selector;
  }

  update(update: Document | Document[]): BulkOperationBase {
    return this.#bulk.add(BatchType.UPDATE, updateStatement(this.#selector, checkUpdate(update), this.#options, true));
  }

  updateOne(update: Document | Document[]): BulkOperationBase {
    return this.#bulk.add(BatchType.UPDATE, updateStatement(this.#selector, checkUpdate(update), this.#options, false));
  }

  replaceOne(replacement: Document): BulkOperationBase {
    return this.#bulk.add(BatchType.UPDATE, updateStatement(this.#selector, checkReplacement(replacement), this.#options, false));
  }

  deleteOne(): BulkOperationBase {
    return this.#bulk.add(BatchType.DELETE, deleteStatement(this.#selector, this.#options, 1));
  }

  delete(): BulkOperationBase {
    return this.#bulk.add(BatchType.DELETE, deleteStatement(this.#selector, this.#options, 0));
  }

  upsert(): this {
    this.#options.upsert = true;
    return this;
  }

  collation(collation: CollationOptions): this {
    this.#options.collation = collation;
    return this;
  }

  arrayFilters(arrayFilters: Document[]): this {
    this.#options.arrayFilters = arrayFilters;
    return this;
  }

  hint(hint: Hint): this {
    this.#options.hint = hint;
    return this;
  }
}
