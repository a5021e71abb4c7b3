import type { Document } from 'bson';
import { explained, EXPLAIN, type ExplainCommandOptions, type ExplainVerbosityLike } from '../explain';
import { AbstractCursor } from './abstract-cursor';

/** A cursor whose first command the server can explain. */
// oxlint-disable-next-line typescript/no-explicit-any
export abstract class ExplainableCursor<TSchema = any> extends AbstractCursor<TSchema> {
  /** @internal The first command, not explained. */
  protected abstract command(): Document;

  /** How the server would go about it. @param verbosity - By default `allPlansExecution`. */
  async explain(verbosity?: ExplainVerbosityLike | ExplainCommandOptions | { timeoutMS?: number }, options?: { timeoutMS?: number }): Promise<Document> {
    const isVerbosity = typeof verbosity !== 'object' || 'verbosity' in verbosity;
    const { timeoutMS } = { ...(isVerbosity ? options : (verbosity as { timeoutMS?: number })) };
    // The cursor's own bound is for its documents.
    const own = { ...this.options, ...(timeoutMS !== undefined && { timeoutMS }) };
    const explain = (isVerbosity ? (verbosity as ExplainVerbosityLike | ExplainCommandOptions | undefined) : undefined) ?? true;
    return this.scope.with(own).execute(EXPLAIN, explained(this.command(), explain, own), own, (reply) => reply);
  }
}
