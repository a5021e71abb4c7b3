// What a client or pool logs, in order, and waiting for it.

import type { Log, LogComponentSeveritiesClientOptions, LogOptions, MongoDBLogWritable } from 'ferropool';

/** A destination of log messages that keeps them. */
export class LogBook implements MongoDBLogWritable {
  readonly logs: Log[] = [];
  #changed: (() => void)[] = [];

  // Of the prototype, as the functions of streams are.
  write(log: Log): void {
    this.logs.push(log);
    for (const changed of this.#changed.splice(0)) changed();
  }

  /** The options that make a client write here. */
  options(mongodbLogComponentSeverities: LogComponentSeveritiesClientOptions, mongodbLogMaxDocumentLength = 10_000): LogOptions {
    return { mongodbLogPath: this, mongodbLogComponentSeverities, mongodbLogMaxDocumentLength };
  }

  get messages(): string[] {
    return this.logs.map(({ message = '' }) => message);
  }

  of(message: string): Log[] {
    return this.logs.filter((log) => log.message === message);
  }

  /** Resolves with the first one of a message, which may be there already. The test's own time-out bounds it. */
  async first(message: string): Promise<Log> {
    for (;;) {
      const [log] = this.of(message);
      if (log) return log;
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }
}
