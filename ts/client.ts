import { Db } from './db';
import { checkDriverInfo, type DriverInfo } from './driver-info';
import { Endpoint } from './endpoint';
import { callNative } from './errors';
import { checkDatabaseName, checkNames, checkRequest, count, type PoolOptions, type PoolStats, type WarmOptions } from './options';
import { native } from './native';

/** Asks the core for `minPoolSize`, wherever that was set. */
const MIN_POOL_SIZE = -1;

/** Options of a {@link MongoClient}; they win over those of the connection string. */
export interface MongoClientOptions extends PoolOptions {
  /** Connects to the named server, whatever it is. Every client of this version does. */
  directConnection?: boolean;
  /** How long an operation waits for the server, in milliseconds. @defaultValue 30000 */
  serverSelectionTimeoutMS?: number;
  /** Between checks of the server, in milliseconds. @defaultValue 10000 */
  heartbeatFrequencyMS?: number;
  /** The least time between checks, in milliseconds. @defaultValue 500 */
  minHeartbeatFrequencyMS?: number;
  /** Whether command events are emitted to those who listen. @defaultValue true */
  monitorCommands?: boolean;
}

/** A client of a MongoDB server: its pool, watched and made ready by the core. */
export class MongoClient extends Endpoint {
  /**
   * @param uri - `mongodb://host:port/?options`.
   * @throws {@link MongoParseError} for the connection string, {@link MongoInvalidArgumentError} for an option.
   */
  constructor(uri: string, options: MongoClientOptions = {}) {
    super(true, uri, options);
  }

  /** Waits until the server can be used. Optional: the first use connects. */
  async connect(): Promise<this> {
    await this.lane.start(this, (slot) => native.connect(this.lane.number, this.id, slot), () => undefined);
    return this;
  }

  /** Waits until so many connections are established. */
  async warm(options: WarmOptions = {}): Promise<void> {
    checkNames('warm', options, ['min', 'signal']);
    checkRequest(options);
    const min = options.min === undefined ? MIN_POOL_SIZE : count('min', options.min);
    await this.lane.start(this, (slot) => native.warm(this.lane.number, this.id, slot, min), () => undefined, options.signal);
  }

  /**
   * Tells servers of a library that wraps this client: in the handshakes from now on, behind what they are told already.
   * Connections that are established are left alone, and what is appended a second time is ignored.
   *
   * @throws {@link MongoInvalidArgumentError}
   */
  appendMetadata(driverInfo: DriverInfo): void {
    checkDriverInfo(driverInfo);
    const { name, version, platform } = driverInfo;
    callNative(() => native.appendMetadata(this.lane.number, this.id, name, version, platform));
  }

  /** A database. */
  db(name: string): Db {
    checkDatabaseName(name);
    return new Db(this, name);
  }

  /** The pool of each server, now. */
  pools(): PoolStats[] {
    return [this.stats()];
  }
}
