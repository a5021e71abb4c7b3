import { deserialize, ObjectId, type Document } from 'bson';
import { inspect, type InspectOptions } from 'node:util';
import { CommandName } from './command-name';
import { MongoServerError } from './errors';
import { EventDocument, type EventRecord } from './event-record';

/** What the events of a command have in common. Fields are assigned and not defined, as in `events.ts`. */
class CommandEvent {
  declare readonly address: string;
  declare readonly requestId: number;
  declare readonly connectionId: number;
  declare readonly databaseName: string;
  declare readonly commandName: string;
  /** The server's own number for the connection, as its log has it; null where it gives none. */
  declare readonly serverConnectionId: bigint | null;
  /** The service behind a load balancer. */
  declare readonly serviceId: ObjectId | undefined;
  /** The same for all commands of a bulk write. */
  declare readonly operationId: number | undefined;

  /** @internal */
  constructor(attempt: Attempt) {
    this.address = attempt.address;
    this.requestId = attempt.requestId;
    this.connectionId = attempt.connectionId;
    this.databaseName = attempt.databaseName;
    this.commandName = attempt.name.text;
    this.serverConnectionId = attempt.serverConnectionId;
    this.serviceId = attempt.serviceId;
    this.operationId = attempt.operationId;
  }
}

/** A command is sent. Commands that carry secrets are shown empty. */
export class CommandStartedEvent extends CommandEvent {
  readonly name = 'commandStarted';
  /** Its bytes until it is asked for. */
  #command: EventDocument | Document;

  /** @internal */
  constructor(attempt: Attempt) {
    super(attempt);
    this.#command = attempt.isSensitive ? {} : attempt.command;
  }

  /** The whole command, as it was sent. It is read from its bytes when it is asked for. */
  get command(): Document {
    if (this.#command instanceof EventDocument) this.#command = deserialize(this.#command.bytes());
    return this.#command;
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
export class CommandSucceededEvent extends CommandEvent {
  readonly name = 'commandSucceeded';
  /** Since it was sent. */
  declare readonly duration: number;
  declare readonly reply: unknown;

  /** @internal */
  constructor(attempt: Attempt, duration: number, reply: unknown) {
    super(attempt);
    this.duration = duration;
    this.reply = attempt.isSensitive ? {} : reply;
  }
}

/** A command failed, by the server's word or because the connection did. */
export class CommandFailedEvent extends CommandEvent {
  readonly name = 'commandFailed';
  /** Since it was sent. */
  declare readonly duration: number;
  declare readonly failure: Error;

  /** @internal */
  constructor(attempt: Attempt, duration: number, failure: Error) {
    super(attempt);
    this.duration = duration;
    this.failure = attempt.isSensitive ? redact(failure) : failure;
  }
}

/** The events of commands, by name, with their listeners. */
export type CommandEvents = {
  commandStarted(event: CommandStartedEvent): void;
  commandSucceeded(event: CommandSucceededEvent): void;
  commandFailed(event: CommandFailedEvent): void;
};

export const commandEventNames = ['commandStarted', 'commandSucceeded', 'commandFailed'] as const;

/** One attempt at a command that is announced, until its end is. */
export class Attempt {
  declare readonly requestId: number;
  declare readonly connectionId: number;
  declare readonly name: CommandName;
  declare readonly command: EventDocument;
  declare readonly isSensitive: boolean;
  declare readonly serverConnectionId: bigint | null;
  declare readonly serviceId: ObjectId | undefined;

  constructor(
    record: EventRecord,
    readonly address: string,
    readonly databaseName: string,
    readonly operationId: number | undefined,
  ) {
    const command = record.document();
    this.requestId = record.requestId;
    this.connectionId = record.connectionId;
    this.name = CommandName.of(command);
    this.command = command;
    this.isSensitive = this.name.isSensitive || (this.name.isHello && 'speculativeAuthenticate' in deserialize(command.bytes()));
    this.serverConnectionId = bigintOf(record.serverConnectionId);
    this.serviceId = record.hasService ? new ObjectId(record.service(command)) : undefined;
  }
}

/** The bigints of small numbers, by them: to make one takes as long as an event. */
const bigints: bigint[] = [];
const MOST_BIGINTS = 4096;

function bigintOf(serverConnectionId: number): bigint | null {
  if (serverConnectionId < 0) return null;
  if (serverConnectionId >= MOST_BIGINTS) return BigInt(serverConnectionId);
  return (bigints[serverConnectionId] ??= BigInt(serverConnectionId));
}

/** The failure of a sensitive command: a server's error keeps its code and its labels. */
function redact(failure: Error): Error {
  if (!(failure instanceof MongoServerError)) return failure;
  const { code, codeName, errorLabels } = failure;
  return new MongoServerError({ ok: 0, errmsg: '(redacted)', code, codeName, errorLabels });
}
