import { deserialize, type Document, type ObjectId } from 'bson';
import { inspect, type InspectOptions } from 'node:util';
import { MongoServerError } from './errors';

/** A command is sent. Commands that carry secrets are shown empty. */
export class CommandStartedEvent {
  readonly name = 'commandStarted';
  readonly #bytes: Uint8Array | undefined;
  #command: Document | undefined;

  /** @internal */
  constructor(
    readonly address: string,
    readonly requestId: number,
    readonly connectionId: number,
    readonly databaseName: string,
    readonly commandName: string,
    bytes: Uint8Array | undefined,
    /** The server's own number for the connection, as its log has it; null where it gives none. */
    readonly serverConnectionId: bigint | null,
    /** The service behind a load balancer. */
    readonly serviceId: ObjectId | undefined,
    /** The same for all commands of a bulk write. */
    readonly operationId: number | undefined,
  ) {
    this.#bytes = bytes;
  }

  /** The whole command, as it was sent. It is read from its bytes when it is asked for. */
  get command(): Document {
    return (this.#command ??= this.#bytes ? deserialize(this.#bytes) : {});
  }

  /** With the command, which is not a property of its own. */
  toJSON(): object {
    return { ...this, command: this.command };
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `CommandStartedEvent ${inspect(this.toJSON(), options)}`;
  }
}

/** A command's reply is there. */
export class CommandSucceededEvent {
  readonly name = 'commandSucceeded';
  constructor(
    readonly address: string,
    readonly requestId: number,
    readonly connectionId: number,
    readonly databaseName: string,
    readonly commandName: string,
    /** Since it was sent. */
    readonly duration: number,
    readonly reply: unknown,
    /** The server's own number for the connection, as its log has it; null where it gives none. */
    readonly serverConnectionId: bigint | null,
    /** The service behind a load balancer. */
    readonly serviceId: ObjectId | undefined,
    /** The same for all commands of a bulk write. */
    readonly operationId: number | undefined,
  ) {}
}

/** A command failed, by the server's word or because the connection did. */
export class CommandFailedEvent {
  readonly name = 'commandFailed';
  constructor(
    readonly address: string,
    readonly requestId: number,
    readonly connectionId: number,
    readonly databaseName: string,
    readonly commandName: string,
    /** Since it was sent. */
    readonly duration: number,
    readonly failure: Error,
    /** The server's own number for the connection, as its log has it; null where it gives none. */
    readonly serverConnectionId: bigint | null,
    /** The service behind a load balancer. */
    readonly serviceId: ObjectId | undefined,
    /** The same for all commands of a bulk write. */
    readonly operationId: number | undefined,
  ) {}
}

/** The events of commands, by name, with their listeners. */
export type CommandEvents = {
  commandStarted(event: CommandStartedEvent): void;
  commandSucceeded(event: CommandSucceededEvent): void;
  commandFailed(event: CommandFailedEvent): void;
};

export const commandEventNames = ['commandStarted', 'commandSucceeded', 'commandFailed'] as const;

/** What the events of one attempt at a command have in common. */
export class Attempt {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  readonly #isSensitive: boolean;

  constructor(
    readonly address: string,
    readonly requestId: number,
    readonly connectionId: number,
    readonly databaseName: string,
    command: Buffer,
    readonly serverConnectionId: bigint | null,
    readonly serviceId: ObjectId | undefined,
    readonly operationId: number | undefined,
  ) {
    this.#bytes = command;
    this.#name = firstKey(command);
    this.#isSensitive = isSensitive(this.#name, command);
  }

  started(): CommandStartedEvent {
    const bytes = this.#isSensitive ? undefined : this.#bytes;
    return new CommandStartedEvent(this.address, this.requestId, this.connectionId, this.databaseName, this.#name, bytes, this.serverConnectionId, this.serviceId, this.operationId);
  }

  succeeded(duration: number, reply: unknown): CommandSucceededEvent {
    const shown = this.#isSensitive ? {} : reply;
    return new CommandSucceededEvent(this.address, this.requestId, this.connectionId, this.databaseName, this.#name, duration, shown, this.serverConnectionId, this.serviceId, this.operationId);
  }

  failed(duration: number, failure: Error): CommandFailedEvent {
    const shown = this.#isSensitive ? redact(failure) : failure;
    return new CommandFailedEvent(this.address, this.requestId, this.connectionId, this.databaseName, this.#name, duration, shown, this.serverConnectionId, this.serviceId, this.operationId);
  }
}

/** The first key of a BSON document, behind its length and its first element's type. */
function firstKey(bytes: Buffer): string {
  return bytes.toString('utf8', 5, Math.max(5, bytes.indexOf(0, 5)));
}

/** The commands whose content must not reach a listener ("Security"). */
const SENSITIVE = new Set([
  'authenticate',
  'saslstart',
  'saslcontinue',
  'getnonce',
  'createuser',
  'updateuser',
  'copydbgetnonce',
  'copydbsaslstart',
  'copydb',
]);

function isSensitive(name: string, command: Uint8Array): boolean {
  const lower = name.toLowerCase();
  return SENSITIVE.has(lower) || ((lower === 'hello' || lower === 'ismaster') && 'speculativeAuthenticate' in deserialize(command));
}

/** The failure of a sensitive command: a server's error keeps its code and its labels. */
function redact(failure: Error): Error {
  if (!(failure instanceof MongoServerError)) return failure;
  const { code, codeName, errorLabels } = failure;
  return new MongoServerError({ ok: 0, errmsg: '(redacted)', code, codeName, errorLabels });
}
