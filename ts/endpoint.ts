import { arch, endianness } from 'node:os';
import type { Document } from 'bson';
import { Connection } from './connection';
import { TypedEmitter } from './emitter';
import { supplyCredentials } from './credentials';
import { callNative, MongoInvalidArgumentError, MongoPoolClosedError, MongoServerError } from './errors';
import {
  CommandFailedEvent,
  CommandStartedEvent,
  CommandSucceededEvent,
  commandEventNames,
  poolEventNames,
  poolEvents,
  type CommandEvents,
  type ConnectionPoolEvents,
} from './events';
import { CONNECTION, decode, isSerializing, Lane, type Completion, type EventNumbers, type Operation, type Outcome, type Owner } from './lane';
import {
  checkNames,
  checkRequest,
  encodeOptions,
  milliseconds,
  modeNumber,
  timeout,
  type CheckOutOptions,
  type CloseOptions,
  type CloseResult,
  type CommandOptions,
  type LaneKind,
  type PoolStats,
} from './options';
import type { Execution, Origin } from './execution';
import type { ReadPreferenceMode } from './client-options';
import { credentialCallbacks, MongoOptions, type CredentialCallbacks } from './mongo-options';
import type { LogOptions } from './logging/options';
import { Logs } from './logging/logs';
import type { SelectionRecord } from './logging/server-selection';
import { native } from './native';
import { topologyEvent, topologyEventNames, type TopologyEvents, type TopologyRecord } from './sdam-events';

type Events = ConnectionPoolEvents & CommandEvents & TopologyEvents;

/** How many clients and pools there were. */
let opened = 0;

const COMMAND_OPTIONS = ['signal', 'timeoutMS', 'readPreference', 'promoteValues', 'promoteLongs', 'promoteBuffers', 'useBigInt64', 'raw'];
const CHECK_OUT_OPTIONS = ['signal', 'timeoutMS', 'readPreference'];
const KINDS = new Set<unknown>(['auto', 'event-loop', 'tokio']);

/** What a client and a pool have in common: connections of the core, commands on them, events of both. */
export abstract class Endpoint extends TypedEmitter<Events> implements Owner {
  /** @internal */
  readonly id: number;
  /** @internal */
  readonly lane: Lane;
  /** @internal Whether anybody listens. */
  listens = false;
  /** Tells topologies apart. */
  readonly #topologyId = opened++;
  readonly #credentialCallbacks: CredentialCallbacks;
  #options: MongoOptions | undefined;
  #address: string;
  /** Of the servers, by their numbers. */
  readonly #addresses: string[] = [];
  readonly #monitorsCommands: boolean;
  readonly #logs: Logs | undefined;
  /** Whether anybody listens to commands: asked for each of them, so kept. */
  #commandsHeard = false;
  #closing: Promise<CloseResult> | undefined;

  /** @internal */
  constructor(monitored: boolean, target: string, options: LogOptions & { lane?: LaneKind | undefined; monitorCommands?: boolean | undefined; authMechanismProperties?: object }) {
    super();
    const encoded = encodeOptions(options);
    if (typeof target !== 'string') {
      throw new MongoInvalidArgumentError(`The ${monitored ? 'connection string' : 'address'} must be a string, received ${typeof target === 'object' && target !== null ? 'an object' : String(target)}`);
    }
    const kind = options.lane ?? 'auto';
    // The core refuses one that does not exist.
    this.lane = Lane.of(KINDS.has(kind) ? kind : 'auto');
    this.id = callNative(() => native.open(this.lane.number, monitored, target, encoded, platform()));
    this.#address = native.address(this.lane.number, this.id);
    this.#logs = Logs.of(options, this.#topologyId, () => this.listenersChanged());
    for (const warning of native.warnings(this.lane.number, this.id)) {
      process.emitWarning(warning, { type: 'MongoWarning', code: 'FERROPOOL_OPTION' });
      this.#logs?.warning(warning);
    }
    this.#credentialCallbacks = credentialCallbacks(options.authMechanismProperties);
    this.#monitorsCommands = options.monitorCommands !== false;
    this.lane.adopt(this, this.id);
    if (this.#logs) this.listenersChanged();
    // The pool's creation is recorded already; whoever constructs gets a chance to listen.
    queueMicrotask(() => this.lane.deliverEvents());
  }

  /**
   * The options as they were understood, defaults included. Secrets are read by their names; nothing prints them. With
   * `mongodb+srv`, those of the DNS records are among them once there are hosts.
   */
  get options(): MongoOptions {
    if (!this.#options?.hosts.length) {
      this.#options = new MongoOptions(native.describe(this.lane.number, this.id), this.#credentialCallbacks);
    }
    return this.#options;
  }

  /** The hosts of the connection string, with commas between them; empty while a `mongodb+srv` name is not resolved. */
  get address(): string {
    return (this.#address ||= native.address(this.lane.number, this.id));
  }

  /** @internal */
  serverAddress(server: number): string {
    return (this.#addresses[server] ??= native.serverAddress(this.lane.number, this.id, server));
  }

  /** Checks a connection out, for its holder alone until it is checked in. */
  async checkOut(options: CheckOutOptions = {}): Promise<Connection> {
    checkNames('checkOut', options, CHECK_OUT_OPTIONS);
    checkRequest(options);
    options.signal?.throwIfAborted();
    const limit = timeout('timeoutMS', options.timeoutMS);
    const preference = modeNumber(options.readPreference);
    // What is available needs neither a slot nor a turn of the event loop.
    const available = this.#take(preference);
    if (typeof available === 'object') return available;
    return this.lane.start<Connection>(
      this,
      (slot) => native.checkOut(this.lane.number, this.id, slot, preference, limit),
      (completion) => {
        const connection = new Connection(this, completion.offset >>> 0, completion.length >>> 0, completion.extra, completion.server);
        // Nobody is left to take it.
        if (options.signal?.aborted) connection.checkIn();
        return completion.kind === CONNECTION ? connection : undefined;
      },
      options.signal,
    );
  }

  /**
   * Takes an available connection, without waiting, establishing, or passing a waiter: `undefined` where
   * there is none.
   *
   * @throws {@link MongoPoolClosedError}
   */
  tryCheckOut(options: Pick<CheckOutOptions, 'readPreference'> = {}): Connection | undefined {
    checkNames('tryCheckOut', options, ['readPreference']);
    checkRequest(options);
    const taken = this.#take(modeNumber(options.readPreference));
    if (taken === 'closed') throw new MongoPoolClosedError(POOL_CLOSED, { code: 'FERROPOOL_POOL_CLOSED', ...(this.address && { address: this.address }) });
    return taken;
  }

  #take(preference: number): Connection | 'closed' | undefined {
    const { number, taken } = this.lane;
    const status = native.tryCheckOut(number, this.id, preference);
    if (status !== TAKEN) return status === CLOSED ? 'closed' : undefined;
    const connection = new Connection(this, (taken[0] as number) >>> 0, (taken[1] as number) >>> 0, taken[2] as number, taken[3] as number);
    if (this.listens) this.lane.deliverEvents();
    return connection;
  }

  /**
   * Closes the pool: available connections at once, those in use as they are returned. Nothing is
   * interrupted before `drainMS`. A second call gets the first one's result.
   */
  async close(options: CloseOptions = {}): Promise<CloseResult> {
    // Options that are refused have closed nothing.
    checkNames('close', options, ['drainMS']);
    const drain = milliseconds('drainMS', options.drainMS);
    this.#closing ??= this.lane.start<CloseResult>(
      this,
      (slot) => native.close(this.lane.number, this.id, slot, drain),
      (completion) => this.lane.json(completion),
    );
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  command(database: string, command: Document, options: CommandOptions = {}, connection?: Connection): Promise<Document> {
    // Called by a toBSON or a getter of a command that is being serialized: that one comes first.
    if (isSerializing()) return Promise.resolve().then(() => this.command(database, command, options, connection));
    // Not an async function, whose promise would be a second one for each command.
    try {
      return this.#start(database, command, options, connection);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #start(database: string, command: Document, options: CommandOptions, connection?: Connection): Promise<Document> {
    checkNames('command', options, COMMAND_OPTIONS);
    checkRequest(options);
    if (command === null || typeof command !== 'object') {
      throw new MongoInvalidArgumentError(`The command must be a document, received ${String(command)}`);
    }
    const limit = timeout('timeoutMS', options.timeoutMS);
    const { lane, id } = this;
    const preference = modeNumber(options.readPreference);
    // As the core sends it; here it is for the events.
    const shown = preference > 0 ? { $readPreference: { mode: options.readPreference } } : undefined;
    return lane.start<Document>(
      this,
      (slot, operation) => {
        const number = lane.database(database);
        const body = lane.serialize(command);
        if (this.#commandsHeard) operation.command = { database, document: { ...command, ...shown }, requestId: 0, serverConnectionId: null };
        if (connection) {
          const { low, high } = connection.token;
          const [length, bytes] = typeof body === 'number' ? [body, undefined] : [0, body];
          callNative(() => native.commandOn(lane.number, id, low, high, number, slot, length, preference, limit, bytes));
        } else if (typeof body === 'number') {
          native.command(lane.number, id, number, slot, body, preference, limit);
        } else {
          native.commandIn(lane.number, id, number, slot, body, preference, limit);
        }
      },
      (completion) => decode(completion, options),
      options.signal,
    );
  }

  /** @internal Runs a command as its profile says. `receive` makes the result of the reply, in the completion itself. */
  execute<T>(execution: Execution, receive: (reply: Document, origin: Origin) => T): Promise<T> {
    // A stand-in until the core has profiles: enough to build and test what is above.
    const { database, command, sequence, profile, deadline, signal, bson } = execution;
    const body = {
      ...command,
      ...(sequence && { [sequence.name]: sequence.documents }),
      ...(profile.readConcern && { readConcern: profile.readConcern }),
      ...(profile.writeConcern && { writeConcern: profile.writeConcern }),
    };
    const left = deadline?.remaining();
    const options = {
      ...(signal && { signal }),
      ...(left !== undefined && Number.isFinite(left) && { timeoutMS: Math.ceil(left) }),
      ...(profile.readPreference && { readPreference: profile.readPreference.mode as ReadPreferenceMode }),
      ...Object.fromEntries(Object.entries(bson ?? {}).filter(([name]) => COMMAND_OPTIONS.includes(name))),
    };
    return this.command(database, body, options).then((reply) => receive(reply, { server: 0, connectionId: 0, pinned: undefined, labels: [] }));
  }

  /** @internal */
  protected statistics(): PoolStats[] {
    return JSON.parse(native.stats(this.lane.number, this.id)) as PoolStats[];
  }

  /** @internal */
  poolEvent(kind: number, record: EventNumbers, abortReason: Error | undefined): void {
    const [Event, name] = [poolEvents[kind], poolEventNames[kind]];
    if (Event && name && this.#isHeard(name)) {
      this.#tell(new Event({ ...record, address: this.serverAddress(record.server), abortReason }));
    }
  }

  /** @internal */
  topologyEvent(record: object): void {
    const { name } = record as TopologyRecord;
    if (this.#isHeard(name)) this.#tell(topologyEvent(this.#topologyId, record as TopologyRecord));
  }

  /** @internal */
  selectionEvent(record: object, time: number): void {
    this.#logs?.event({ ...(record as SelectionRecord), time: new Date(time) });
  }

  /** @internal A connection that is being established needs credentials. */
  credentialWanted(request: number, wanted: object): void {
    const answer = (text: string, failed: boolean) => native.supply(this.lane.number, this.id, request, text, failed);
    supplyCredentials(this.#credentialCallbacks, wanted).then(
      (credentials) => answer(credentials, false),
      (error: unknown) => answer(error instanceof Error ? error.message : String(error), true),
    );
  }

  /** @internal */
  commandStarted(operation: Operation, record: EventNumbers): void {
    if (!operation.command) return;
    operation.command.requestId = record.reason;
    operation.command.serverConnectionId = record.durationMS < 0 ? null : BigInt(record.durationMS);
    if (!this.#isHeard('commandStarted')) return;
    const { database, document, requestId, serverConnectionId } = operation.command;
    const command = isSensitive(document) ? {} : { ...document, $db: database };
    const event = new CommandStartedEvent(this.serverAddress(record.server), requestId, record.connectionId, database, commandName(document), command, serverConnectionId);
    this.#tell(event);
  }

  /** @internal */
  commandEnded(operation: Operation, { extra: connectionId, server }: Completion, duration: number, outcome: Outcome): void {
    if (!operation.command || operation.command.requestId === 0) return;
    const { database, document, requestId, serverConnectionId } = operation.command;
    const name = commandName(document);
    const sensitive = isSensitive(document);
    if ('failure' in outcome) {
      const failure = sensitive ? redact(outcome.failure) : outcome.failure;
      this.#tell(new CommandFailedEvent(this.serverAddress(server), requestId, connectionId, name, duration, failure, serverConnectionId, database));
    } else {
      const reply = sensitive ? {} : outcome.reply;
      this.#tell(new CommandSucceededEvent(this.serverAddress(server), requestId, connectionId, name, duration, reply, serverConnectionId, database));
    }
  }

  /** Whether events of this name reach somebody who listens. */
  #isEmitted(name: keyof Events): boolean {
    return this.listenerCount(name) > 0 && (this.#monitorsCommands || !name.startsWith('command'));
  }

  /** Whether they have to be built at all. */
  #isHeard(name: keyof Events): boolean {
    return this.#isEmitted(name) || this.#logs?.wants(name) === true;
  }

  #tell(event: Parameters<Events[keyof Events]>[0]): void {
    if (this.#isEmitted(event.name)) this.emit(event.name, event as never);
    this.#logs?.event(event);
  }

  /** Asks the core for the events that somebody listens to or that are logged, and for no others. */
  protected listenersChanged(): void {
    const pool = poolEventNames.some((name) => this.#isHeard(name));
    const commands = commandEventNames.some((name) => this.#isHeard(name));
    this.#commandsHeard = commands;
    const topology = topologyEventNames.some((name) => this.#isHeard(name));
    const selections = this.#logs?.selections ?? 0;
    this.listens = pool || commands || topology || selections > 0;
    native.subscribe(this.lane.number, this.id, pool, commands, topology, selections);
  }
}

// What the core answers to `tryCheckOut`.
const TAKEN = 1;
const CLOSED = 2;
const POOL_CLOSED = 'Attempted to check out a connection from closed connection pool';

function platform(): string {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  const runtime = bun ? `Bun v${bun}` : deno ? `Deno v${deno}` : `Node.js v${node}`;
  return `${runtime}, ${arch()}, ${endianness()}`;
}

function commandName(command: Document): string {
  for (const name in command) return name;
  return '';
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

/** The failure of a sensitive command: a server's error keeps its code and its labels. */
function redact(failure: Error): Error {
  if (!(failure instanceof MongoServerError)) return failure;
  const { code, codeName, errorLabels } = failure;
  return new MongoServerError({ ok: 0, errmsg: '(redacted)', code, codeName, errorLabels });
}

function isSensitive(command: Document): boolean {
  const name = commandName(command).toLowerCase();
  return SENSITIVE.has(name) || ((name === 'hello' || name === 'ismaster') && 'speculativeAuthenticate' in command);
}
