import type { Document } from 'bson';
import type { Endpoint } from './endpoint';
import { MongoInvalidArgumentError } from './errors';
import type { ConnectionToken } from './execution';
import type { CommandOptions } from './options';
import { checkIn, LANE, REFUSED, refusal, registers } from './registers';

/**
 * A connection that was checked out. It belongs to its holder until it is checked in, by
 * {@link Connection.checkIn} or at the end of an `await using`.
 */
export class Connection {
  /** Its number in its pool, from 1. */
  readonly id: number;
  /** @internal */
  readonly owner: Endpoint;
  // The halves of its token, as 32-bit integers.
  readonly #low: number;
  readonly #high: number;
  readonly #server: number;
  // The token is the connection's: whoever checks it out next has the same one.
  #isCheckedIn = false;

  /** @internal */
  constructor(owner: Endpoint, low: number, high: number, id: number, server: number) {
    this.owner = owner;
    this.#low = low;
    this.#high = high;
    this.id = id;
    this.#server = server;
  }

  /** @internal */
  get token(): ConnectionToken {
    return { low: this.#low >>> 0, high: this.#high >>> 0 };
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
    const { owner } = this;
    this.#checkHeld();
    registers[0] = owner.id;
    registers[1] = this.#low;
    registers[2] = this.#high;
    registers[LANE] = owner.lane.number;
    checkIn();
    if (registers[LANE] === REFUSED) throw refusal();
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
