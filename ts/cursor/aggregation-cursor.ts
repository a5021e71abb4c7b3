import type { Document } from 'bson';
import { AGGREGATE, aggregateCommand, writes, WRITING_AGGREGATE, type AggregateOptions } from '../collection/aggregate';
import { MongoAPIError } from '../errors';
import { EXPLAIN } from '../explain';
import type { MongoDBNamespace } from '../namespace';
import type { Scope } from '../scope';
import type { Sort } from '../sort';
import { onlyBatch } from './batch';
import { ExplainableCursor } from './explainable-cursor';
import { timeoutModeOf } from './options';
import type { Opening } from './server-cursor';

/** The documents that a pipeline makes; without a collection in its namespace, of the database. */
// oxlint-disable-next-line typescript/no-explicit-any
export class AggregationCursor<TSchema = any> extends ExplainableCursor<TSchema> {
  declare protected readonly options: AggregateOptions;
  readonly pipeline: Document[];
  readonly #target: string | 1;

  /** @internal */
  constructor(scope: Scope, namespace: MongoDBNamespace, pipeline: Document[] = [], options: AggregateOptions = {}) {
    super(scope, namespace, options);
    this.pipeline = pipeline;
    this.#target = namespace.collection ?? 1;
    this.#checkStage(pipeline.at(-1));
  }

  override clone(): AggregationCursor<TSchema> {
    const { session: _session, ...options } = this.options;
    return new AggregationCursor(this.scope, this.namespace, this.pipeline, options);
  }

  override map<T>(transform: (document: TSchema) => T): AggregationCursor<T> {
    return super.map(transform) as AggregationCursor<T>;
  }

  addStage(stage: Document): this;
  addStage<T = Document>(stage: Document): AggregationCursor<T>;
  addStage<T = Document>(stage: Document): AggregationCursor<T> {
    this.throwIfInitialized();
    this.#checkStage(stage);
    this.pipeline.push(stage);
    return this as unknown as AggregationCursor<T>;
  }

  group<T = TSchema>($group: Document): AggregationCursor<T>;
  group($group: Document): this {
    return this.addStage({ $group });
  }

  limit($limit: number): this {
    return this.addStage({ $limit });
  }

  match($match: Document): this {
    return this.addStage({ $match });
  }

  out($out: { db: string; coll: string } | string): this {
    return this.addStage({ $out });
  }

  project<T extends Document = Document>($project: Document): AggregationCursor<T> {
    return this.addStage<T>({ $project });
  }

  lookup($lookup: Document): this {
    return this.addStage({ $lookup });
  }

  redact($redact: Document): this {
    return this.addStage({ $redact });
  }

  skip($skip: number): this {
    return this.addStage({ $skip });
  }

  sort($sort: Sort): this {
    return this.addStage({ $sort });
  }

  unwind($unwind: Document | string): this {
    return this.addStage({ $unwind });
  }

  geoNear($geoNear: Document): this {
    return this.addStage({ $geoNear });
  }

  /** @internal */
  protected override opening(): Opening {
    const command = aggregateCommand(this.#target, this.pipeline, this.options);
    if (this.options.explain !== undefined) return { command, treatment: EXPLAIN, read: onlyBatch };
    return { command, treatment: writes(command['pipeline'] as Document[]) ? WRITING_AGGREGATE : AGGREGATE };
  }

  /** @internal */
  protected override command(): Document {
    const { explain: _explain, ...options } = this.options;
    return aggregateCommand(this.#target, this.pipeline, options);
  }

  /** What writes is done at once, however slowly the cursor is read. */
  #checkStage(stage: Document | undefined): void {
    if (stage && writes([stage]) && timeoutModeOf(this.options, this.scope.settings.timeoutMS) === 'iteration') {
      throw new MongoAPIError('Cannot use $out or $merge stage with ITERATION timeoutMode');
    }
  }
}
