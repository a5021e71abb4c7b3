import type { ObjectId } from 'bson';
import type { PoolOptions } from './client-options';
import { Connection } from './connection';
import { Endpoint } from './endpoint';
import { MongoInvalidArgumentError } from './errors';
import { checkNames, type PoolStats } from './options';
import { native } from './native';

/** Options of a {@link ConnectionPool}. */
export type ConnectionPoolOptions = PoolOptions;

/**
 * A connection pool for one address, without a topology: nobody watches the server, so its user calls
 * {@link ConnectionPool.ready}, again after each `connectionPoolCleared`.
 */
export class ConnectionPool extends Endpoint {
  /**
   * @param address - `host:port`, or the path of a Unix domain socket.
   * @throws {@link MongoParseError} for the address, {@link MongoInvalidArgumentError} for an option.
   */
  constructor(address: string, options: ConnectionPoolOptions = {}) {
    super(false, address, options);
  }

  /** Marks the pool as ready: check-outs are served, and the pool is populated. */
  ready(): void {
    native.ready(this.lane.number, this.id);
    if (this.listens) this.lane.deliverEvents();
  }

  /**
   * Marks every connection as stale, pauses the pool and fails its waiters; with a `serviceId`, marks that
   * service's connections and does no more.
   */
  clear(options: { interruptInUseConnections?: boolean; serviceId?: ObjectId } = {}): void {
    checkNames('clear', options, ['interruptInUseConnections', 'serviceId']);
    const { interruptInUseConnections = false, serviceId } = options;
    if (typeof interruptInUseConnections !== 'boolean') {
      throw new MongoInvalidArgumentError(`"interruptInUseConnections" must be true or false, received ${String(interruptInUseConnections)}`);
    }
    if (serviceId !== undefined && serviceId?._bsontype !== 'ObjectId') {
      throw new MongoInvalidArgumentError(`"serviceId" must be an ObjectId, received ${String(serviceId)}`);
    }
    native.clear(this.lane.number, this.id, interruptInUseConnections, serviceId?.id);
    if (this.listens) this.lane.deliverEvents();
  }

  /**
   * Returns a connection.
   *
   * @throws {@link MongoInvalidArgumentError} if it is not one of this pool's, or not checked out.
   */
  checkIn(connection: Connection): void {
    if (!(connection instanceof Connection) || connection.owner !== this) {
      throw new MongoInvalidArgumentError('The connection belongs to another pool');
    }
    connection.checkIn();
  }

  /** The pool now. */
  stats(): PoolStats {
    return this.statistics()[0] as PoolStats;
  }
}
