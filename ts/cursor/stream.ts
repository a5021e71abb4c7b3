// oxlint-disable promise/no-promise-in-callback, promise/no-callback-in-promise -- streams tell by callbacks
import { Readable } from 'node:stream';

interface Source {
  next(): Promise<unknown>;
  close(): Promise<void>;
}

/** A cursor's documents as a stream; destroying one closes the other, also while documents are waited for. */
export class CursorStream extends Readable {
  readonly #cursor: Source;

  constructor(cursor: Source) {
    // A document more than asked for might be the one that the server makes us wait for.
    super({ objectMode: true, highWaterMark: 1 });
    this.#cursor = cursor;
  }

  override _read(): void {
    this.#cursor.next().then(
      (document) => this.push(document),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#cursor.close().then(
      () => done(error),
      (failure: Error) => done(error ?? failure),
    );
  }
}
