import type { Document } from 'bson';
import type { Endpoint } from './endpoint';
import { callNative, MongoInvalidArgumentError } from './errors';
import type { CommandOptions } from './options';
import { native } from './native';

/**
 * A connection that was checked out. It belongs to its holder until it is checked in, by
 * {@link Connection.checkIn} or at the end of an `await using`.
 */
export class Connection {
  /** Its number in its pool, from 1. */
  readonly id: number;
  /** @internal */
  readonly owner: Endpoint;
  /** @internal */
  readonly token: { readonly low: number; readonly high: number };
  readonly #server: number;
  // The token is the connection's: whoever checks it out next has the same one.
  #isCheckedIn = false;

  /** @internal */
  constructor(owner: Endpoint, low: number, high: number, id: number, server: number) {
    this.owner = owner;
    this.token = { low, high };
    this.id = id;
    this.#server = server;
  }

  /** The server's address. */
  get address(): string {
    return this.owner.serverAddress(this.#server);
  }

  /** Runs a command on this connection. One at a time. */
  async command(database: string, command: Document, options?: CommandOptions): Promise<Document> {
    this.#checkHeld();
    return this.owner.command(database, command, options, this);
  }

  /**
   * Returns the connection to its pool.
   *
   * @throws {@link MongoInvalidArgumentError} if it has been checked in already, or a command is running on it.
   */
  checkIn(): void {
    const { owner, token } = this;
    this.#checkHeld();
    callNative(() => native.checkIn(owner.lane.number, owner.id, token.low, token.high));
    this.#isCheckedIn = true;
    if (owner.listens) owner.lane.deliverEvents();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isCheckedIn) this.checkIn();
  }

  #checkHeld(): void {
    if (this.#isCheckedIn) {
      throw new MongoInvalidArgumentError('The connection is not checked out: it has been checked in already');
    }
  }
}
