import { Long, type Document } from 'bson';
import { Deadline } from '../deadline';
import type { Execution, Origin, Profile } from '../execution';
import type { MongoDBNamespace } from '../namespace';
import type { Scope } from '../scope';
import type { ClientSession } from '../session';

const KILL_CURSORS: Profile = { kind: 'kill-cursors' };

/** A cursor as its server has it: what it takes to close it there, also when nobody has the user's side of it any more. */
export class OpenCursor {
  /** `undefined` until it is open, zero once the server has no more. */
  id: Long | undefined;
  isKilled = false;
  session: ClientSession | undefined;
  scope: Scope | undefined;
  origin: Origin | undefined;

  /** @param givenSession - The user's, which does not end with the cursor. */
  constructor(
    public namespace: MongoDBNamespace,
    readonly givenSession: ClientSession | undefined,
  ) {}

  /**
   * Closes it at the server, where it is open, and ends its session. What fails there is of no consequence: a server closes
   * cursors that nobody reads by itself.
   */
  async close(timeoutMS = this.scope?.settings.timeoutMS): Promise<void> {
    const { id } = this;
    this.#leave();
    if (this.origin && id && !id.isZero()) {
      this.isKilled = true;
      this.id = Long.ZERO;
      const command = { killCursors: this.namespace.collection, cursors: [id] };
      await this.execute(command, KILL_CURSORS, Deadline.in(timeoutMS), undefined, () => undefined).catch(() => undefined);
    }
    const { pinned } = this.origin ?? {};
    if (pinned) this.scope?.endpoint.release(pinned);
    await this.endSession();
  }

  /** Ends a session that is the cursor's own. */
  async endSession(): Promise<void> {
    this.#leave();
    const { session } = this;
    if (session === this.givenSession) return;
    this.session = undefined;
    await session?.endSession();
  }

  /** Sends a command of the cursor to the server that has it. */
  execute<T>(command: Document, profile: Profile, deadline: Deadline | undefined, signal: AbortSignal | undefined, receive: (reply: Document, origin: Origin) => T): Promise<T> {
    const { endpoint, settings } = this.scope as Scope;
    const execution: Execution = {
      database: this.namespace.db,
      command,
      profile,
      session: this.session,
      to: this.origin,
      deadline,
      signal,
      bson: settings.bson,
    };
    return endpoint.execute(execution, receive);
  }

  #leave(): void {
    this.scope?.endpoint.cursors.delete(this);
  }
}

/** The cursors that servers have for a client. They are closed with it, and where the user's side of one was forgotten. */
export class OpenCursors {
  readonly #cursors = new Set<OpenCursor>();
  readonly #forgotten = new FinalizationRegistry<OpenCursor>((cursor) => void cursor.close());

  /** @param owner - Without which nobody can read it any more. */
  add(cursor: OpenCursor, owner: object): void {
    this.#cursors.add(cursor);
    this.#forgotten.register(owner, cursor, cursor);
  }

  delete(cursor: OpenCursor): void {
    if (this.#cursors.delete(cursor)) this.#forgotten.unregister(cursor);
  }

  /** Tells the servers, and waits for none of them. */
  close(): void {
    for (const cursor of this.#cursors) void cursor.close();
  }
}
