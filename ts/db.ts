import type { Document } from 'bson';
import type { Endpoint } from './endpoint';
import type { CommandOptions } from './options';

/** A database of a client. */
export class Db {
  readonly #endpoint: Endpoint;

  /** @internal */
  constructor(
    endpoint: Endpoint,
    /** The database's name. */
    readonly databaseName: string,
  ) {
    this.#endpoint = endpoint;
  }

  /**
   * Runs a command and gives its reply.
   *
   * @throws {@link MongoServerError} if the server refuses it.
   */
  command(command: Document, options?: CommandOptions): Promise<Document> {
    return this.#endpoint.command(this.databaseName, command, options);
  }
}
