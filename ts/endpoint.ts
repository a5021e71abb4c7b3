import { arch, endianness } from 'node:os';
import { serialize, type Document } from 'bson';
import { Attempt, CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent, commandEventNames, type CommandEvents } from './command-events';
import { Connection } from './connection';
import { TypedEmitter } from './emitter';
import { supplyCredentials } from './credentials';
import { callNative, MongoInvalidArgumentError, MongoPoolClosedError } from './errors';
import { Deadline } from './deadline';
import type { EventRecord } from './event-record';
import { poolEventNames, poolEvents, type ConnectionPoolEvents } from './events';
import { withAsciiSrvName } from './host-names';
import { labelNames, type ConnectionToken, type Execution, type Origin, type Profile } from './execution';
import { OpenCursors } from './cursor/open-cursor';
import { CONNECTION, Lane, Operation, type Completion, type Outcome, type Owner } from './lane';
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
import { credentialCallbacks, MongoOptions, type CredentialCallbacks } from './mongo-options';
import type { LogOptions } from './logging/options';
import { Logs } from './logging/logs';
import type { SelectionRecord } from './logging/server-selection';
import { native } from './native';
import { CLOSED, DONE, LANE, REFUSED, refusal, registers, tryCheckOut } from './registers';
import { freeSequences, isSerializing, serializeSequences } from './serialize';
import { topologyEvent, topologyEventNames, type TopologyEvents, type TopologyRecord } from './sdam-events';

type Events = ConnectionPoolEvents & CommandEvents & TopologyEvents;

/** How many clients and pools there were. */
let opened = 0;

const COMMAND_OPTIONS = ['signal', 'timeoutMS', 'readPreference', 'promoteValues', 'promoteLongs', 'promoteBuffers', 'useBigInt64', 'raw'];
const NO_OPTIONS: CheckOutOptions = Object.freeze({});
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
  /** @internal Whether commands have sessions: those of a client, not those of a pool alone. */
  readonly hasSessions: boolean;
  /** @internal */
  readonly cursors = new OpenCursors();
  /** Tells topologies apart. */
  readonly #topologyId = opened++;
  readonly #credentialCallbacks: CredentialCallbacks;
  #options: MongoOptions | undefined;
  #address: string;
  /** Of the servers, by their numbers. */
  readonly #addresses: string[] = [];
  readonly #monitorsCommands: boolean;
  /** The names of the events that somebody listens to. */
  readonly #emitted = new Set<keyof Events>();
  /** Whether events of pools have to be built, by their numbers. */
  #heardOfPools: readonly boolean[] = [];
  /** The same of `commandStarted`, which comes with each operation. */
  #hearsOfStarts = false;
  readonly #logs: Logs | undefined;
  readonly #profiles = new WeakMap<Profile, number>();
  readonly #profileNumbers = new Map<string, number>();
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
    this.id = callNative(() => native.open(this.lane.number, monitored, withAsciiSrvName(target), encoded, platform()));
    this.#address = native.address(this.lane.number, this.id);
    this.#logs = Logs.of(options, this.#topologyId, () => this.listenersChanged());
    for (const warning of native.warnings(this.lane.number, this.id)) {
      process.emitWarning(warning, { type: 'MongoWarning', code: 'FERROPOOL_OPTION' });
      this.#logs?.warning(warning);
    }
    this.#credentialCallbacks = credentialCallbacks(options.authMechanismProperties);
    this.hasSessions = monitored;
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
  checkOut(options: CheckOutOptions = NO_OPTIONS): Promise<Connection> {
    // Not an async function, whose promise would be a second one for each that waits.
    try {
      if (options !== NO_OPTIONS) {
        checkNames('checkOut', options, CHECK_OUT_OPTIONS);
        checkRequest(options);
        options.signal?.throwIfAborted();
      }
      const limit = timeout('timeoutMS', options.timeoutMS);
      const preference = modeNumber(options.readPreference);
      // What is available needs neither a slot nor a turn of the event loop.
      const available = this.#take(preference);
      return typeof available === 'object' ? Promise.resolve(available) : this.#waitForConnection(preference, limit, options.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #waitForConnection(preference: number, limit: number, signal: AbortSignal | undefined): Promise<Connection> {
    return this.lane.start<Connection>(
      this,
      (slot) => native.checkOut(this.lane.number, this.id, slot, preference, limit),
      (completion) => {
        const connection = new Connection(this, completion.offset, completion.length, completion.extra, completion.server);
        // Nobody is left to take it.
        if (signal?.aborted) connection.checkIn();
        return completion.kind === CONNECTION ? connection : undefined;
      },
      signal,
    );
  }

  /**
   * Takes an available connection, without waiting, establishing, or passing a waiter: `undefined` where
   * there is none.
   *
   * @throws {@link MongoPoolClosedError}
   */
  tryCheckOut(options?: Pick<CheckOutOptions, 'readPreference'>): Connection | undefined {
    if (options !== undefined) {
      checkNames('tryCheckOut', options, ['readPreference']);
      checkRequest(options);
    }
    const taken = this.#take(modeNumber(options?.readPreference));
    if (taken === 'closed') throw new MongoPoolClosedError(POOL_CLOSED, { code: 'FERROPOOL_POOL_CLOSED', ...(this.address && { address: this.address }) });
    return taken;
  }

  #take(preference: number): Connection | 'closed' | undefined {
    registers[0] = this.id;
    registers[1] = preference;
    registers[LANE] = this.lane.number;
    tryCheckOut();
    const answer = registers[LANE];
    if (answer === REFUSED) throw refusal();
    if (answer !== DONE) return answer === CLOSED ? 'closed' : undefined;
    const connection = new Connection(this, registers[0], registers[1], registers[2] as number, registers[3] as number);
    if (this.listens) this.lane.deliverEvents();
    return connection;
  }

  /**
   * Closes the pool: available connections at once, those in use as they are returned. Nothing that somebody waits for is
   * interrupted before `drainMS`, but for a `getMore` that waits for documents which may never come. Cursors are closed. A
   * second call gets the first one's result.
   */
  async close(options: CloseOptions = {}): Promise<CloseResult> {
    // Options that are refused have closed nothing.
    checkNames('close', options, ['drainMS']);
    const drain = milliseconds('drainMS', options.drainMS);
    // Over connections that are available now: later there are none.
    if (!this.#closing) this.cursors.close();
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

  /** @internal Runs a plain command on a connection that its caller holds. */
  command(database: string, command: Document, options: CommandOptions = {}, connection: Connection): Promise<Document> {
    // Not an async function, whose promise would be a second one for each command.
    try {
      checkNames('command', options, COMMAND_OPTIONS);
      checkRequest(options);
      const deadline = Deadline.in(options.timeoutMS === undefined ? undefined : milliseconds('timeoutMS', options.timeoutMS));
      const { signal } = options;
      return this.#run({ database, command, deadline, signal, bson: options }, modeNumber(options.readPreference), identity, connection);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @internal Runs a command of which everything has been checked. `profile` may be the number of a read preference's mode. */
  run(execution: Omit<Execution, 'profile'>, profile: Profile | number, receive: (reply: Document) => Document): Promise<Document> {
    return this.#run(execution, typeof profile === 'number' ? profile : this.#profileNumber(profile), receive);
  }

  /** @internal Runs a command as its profile says. `receive` makes the result of the reply, in the completion itself. */
  execute<T>(execution: Execution, receive: (reply: Document, origin: Origin) => T): Promise<T> {
    try {
      const { profile } = execution;
      const hasBatch = (profile.opensCursor === true || profile.kind === 'get-more') && profile.followsChanges !== true;
      return this.#run(execution, this.#profileNumber(profile), (reply, completion) => receive(reply, this.origin(completion)), undefined, hasBatch);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #run<T>(
    execution: Omit<Execution, 'profile'>,
    profile: number,
    receive: (reply: Document, completion: Completion) => T,
    connection?: Connection,
    hasBatch = false,
  ): Promise<T> {
    // Called by a toBSON or a getter of a command that is being serialized: that one comes first.
    if (isSerializing()) return Promise.resolve().then(() => this.#run(execution, profile, receive, connection, hasBatch));
    const { command, database, sequences, to, deadline, bson, signal } = execution;
    if (command === null || typeof command !== 'object') {
      throw new MongoInvalidArgumentError(`The command must be a document, received ${String(command)}`);
    }
    const { lane, id } = this;
    const limit = deadline ? deadline.remaining() : INHERITED;
    const session = execution.session ? execution.session.numberFor(this) : this.hasSessions ? IMPLICIT : NO_SESSION;
    return lane.run<T>(
      new Operation(this, receive, database, bson, execution.operationId, hasBatch),
      (slot) => {
        const name = lane.database(database);
        const beside = sequences && serializeSequences(sequences, bson);
        const body = lane.serialize(command, bson);
        const [length, bytes] = typeof body === 'number' ? [body, undefined] : [0, body];
        if (connection) {
          const { low, high } = connection.token;
          callNative(() => native.commandOn(lane.number, id, low, high, name, slot, length, profile, limit, bytes));
        } else if (bytes === undefined && beside === undefined && to === undefined) {
          native.command(lane.number, id, name, slot, length, profile, session, limit);
        } else {
          const { pinned } = to ?? {};
          const server = pinned ? PINNED : (to?.server ?? ANY_SERVER);
          native.commandWith(lane.number, id, name, slot, length, profile, session, limit, bytes, beside, server, pinned?.low ?? 0, pinned?.high ?? 0);
          if (beside) freeSequences(beside);
        }
      },
      signal,
    );
  }

  /** The core's number for a profile. */
  #profileNumber(profile: Profile): number {
    const known = this.#profiles.get(profile);
    if (known !== undefined) return known;
    // Most profiles that are made anew say what another one has said before.
    const bytes = serialize(profile, { ignoreUndefined: true });
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let number = this.#profileNumbers.get(content);
    if (number === undefined) {
      number = callNative(() => native.addProfile(this.lane.number, this.id, bytes));
      this.#profileNumbers.set(content, number);
    }
    this.#profiles.set(profile, number);
    return number;
  }

  /** @internal Gives a connection back that was kept for a cursor. */
  release({ low, high }: ConnectionToken): void {
    native.releaseCursor(this.lane.number, low, high);
    if (this.listens) this.lane.deliverEvents();
  }

  /** @internal Where a completion's reply came from. */
  origin({ server, extra: connectionId, labels, isKept, isTimed }: Completion): Origin {
    const isPinned = isKept && native.keptForCursor(this.lane.number, server, connectionId);
    const pinned = isPinned ? { low: (registers[0] as number) >>> 0, high: (registers[1] as number) >>> 0 } : undefined;
    return { server, connectionId, pinned, labels: labelNames(labels), isTimed };
  }

  /** @internal */
  protected statistics(): PoolStats[] {
    return JSON.parse(native.stats(this.lane.number, this.id)) as PoolStats[];
  }

  /** @internal */
  poolEvent(record: EventRecord): void {
    const { kind } = record;
    const make = poolEvents[kind];
    if (!make || !this.#heardOfPools[kind]) return;
    record.address = this.serverAddress(record.server);
    this.#tell(make(record));
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
  commandStarted(operation: Operation, record: EventRecord): void {
    operation.attempt = this.#started(record, operation.database ?? '', operation.operationId);
  }

  /** @internal */
  commandSent(record: EventRecord): void {
    this.#tellOfCommand(new CommandSucceededEvent(this.#started(record, 'admin'), 0, { ok: 1 }));
  }

  #started(record: EventRecord, database: string, operationId?: number): Attempt {
    const attempt = new Attempt(record, this.serverAddress(record.server), database, operationId);
    if (this.#hearsOfStarts) this.#tellOfCommand(new CommandStartedEvent(attempt));
    return attempt;
  }

  /** @internal */
  commandEnded(operation: Operation, duration: number, outcome: Outcome): void {
    const { attempt } = operation;
    if (!attempt) return;
    operation.attempt = undefined;
    this.#tellOfCommand('failure' in outcome ? new CommandFailedEvent(attempt, duration, outcome.failure) : new CommandSucceededEvent(attempt, duration, outcome.reply));
  }

  /** Whether events of this name have to be built at all. */
  #isHeard(name: keyof Events): boolean {
    return this.#emitted.has(name) || this.#logs?.wants(name) === true;
  }

  #tell(event: Parameters<Events[keyof Events]>[0]): void {
    this.emit(event.name, event as never);
    this.#logs?.event(event);
  }

  /** Logs have commands that no listener is told of. */
  #tellOfCommand(event: Parameters<CommandEvents[keyof CommandEvents]>[0]): void {
    if (this.#monitorsCommands) this.emit(event.name, event as never);
    this.#logs?.event(event);
  }

  /** Asks the core for the events that somebody listens to or that are logged, and for no others. */
  protected listenersChanged(): void {
    this.#emitted.clear();
    for (const name of this.eventNames() as (keyof Events)[]) {
      if (this.#monitorsCommands || !name.startsWith('command')) this.#emitted.add(name);
    }
    this.#heardOfPools = poolEventNames.map((name) => this.#isHeard(name));
    this.#hearsOfStarts = this.#isHeard('commandStarted');
    const pool = this.#heardOfPools.includes(true);
    const commands = commandEventNames.some((name) => this.#isHeard(name));
    const topology = topologyEventNames.some((name) => this.#isHeard(name));
    const selections = this.#logs?.selections ?? 0;
    this.listens = pool || commands || topology || selections > 0;
    native.subscribe(this.lane.number, this.id, pool, commands, topology, selections);
  }
}

// What stands for no number: `crates/node/src/lane/commands.rs`.
const INHERITED = -1;
const ANY_SERVER = -1;
const PINNED = -2;
const NO_SESSION = -1;
const IMPLICIT = -2;

const POOL_CLOSED = 'Attempted to check out a connection from closed connection pool';

function platform(): string {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  const runtime = bun ? `Bun v${bun}` : deno ? `Deno v${deno}` : `Node.js v${node}`;
  return `${runtime}, ${arch()}, ${endianness()}`;
}

function identity(reply: Document): Document {
  return reply;
}
