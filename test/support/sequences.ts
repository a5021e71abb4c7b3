// Whether the events of a pool can be what happened, in this order.

import { expect } from 'vitest';

import { isPoolEvent, type AnyEvent, type AnyPoolEvent, type EventLog } from './events.js';

/** An event of a pool, as far as the order is concerned. */
export type PoolEvent = Pick<AnyPoolEvent, 'name' | 'address'> & { connectionId?: unknown; reason?: unknown; serviceId?: unknown };

/** What a pool has of a connection, between its events. */
type Place = 'pending' | 'available' | 'in use' | 'closed';

/** Fails unless the events of each pool, from its creation on, form a legal sequence; for a pool that is closed, a whole one. */
export function expectLegalSequences(log: EventLog): void {
  for (const [address, events] of byPool(log.events)) {
    expect(illegal(events), `the events of ${address}`).toEqual([]);
  }
}

/** What is wrong with the events of one pool. */
export function illegal(events: readonly PoolEvent[]): string[] {
  const pool = new ObservedPool();
  for (const event of events) pool.take(event);
  return pool.end();
}

/** A server that left and came back has another pool, which its creation begins. */
function byPool(events: readonly AnyEvent[]): [address: string, events: PoolEvent[]][] {
  const pools: [address: string, events: PoolEvent[]][] = [];
  const current = new Map<string, PoolEvent[]>();
  for (const event of events) {
    if (!isPoolEvent(event)) continue;
    if (event.name === 'connectionPoolCreated' || !current.has(event.address)) {
      const own: PoolEvent[] = [];
      current.set(event.address, own);
      pools.push([event.address, own]);
    }
    current.get(event.address)?.push(event);
  }
  return pools;
}

/** Keeps the books of a pool by its events alone. */
class ObservedPool {
  #state: 'none' | 'paused' | 'ready' | 'closed' = 'none';
  #waiting = 0;
  #index = 0;
  readonly #places = new Map<unknown, Place>();
  /** Connections that a clear of the whole pool has made stale. */
  readonly #stale = new Set<unknown>();
  readonly #problems: string[] = [];

  take(event: PoolEvent): void {
    this.#index += 1;
    const { name, connectionId: id } = event;
    switch (name) {
      case 'connectionPoolCreated':
        this.#enter('paused', ['none'], event);
        break;
      case 'connectionPoolReady':
        this.#enter('ready', ['paused'], event);
        break;
      case 'connectionPoolCleared':
        // Behind a load balancer a pool stays ready: one service of it is cleared.
        if (event.serviceId) this.#require(this.#state === 'ready', event, `while ${this.#state}`);
        else this.#clear(event);
        break;
      case 'connectionPoolClosed':
        this.#enter('closed', ['paused', 'ready'], event);
        break;
      case 'connectionCreated':
        this.#require(this.#state === 'ready', event, `while ${this.#state}`);
        this.#require(id === this.#places.size + 1, event, `after ${this.#places.size}`);
        this.#places.set(id, 'pending');
        break;
      case 'connectionReady':
        this.#move(event, ['pending'], 'available');
        this.#require(!this.#stale.has(id), event, 'of an older generation');
        break;
      case 'connectionCheckOutStarted':
        this.#waiting += 1;
        break;
      case 'connectionCheckedOut':
        this.#waiting -= 1;
        this.#require(this.#state === 'ready', event, `while ${this.#state}`);
        this.#require(!this.#stale.has(id), event, 'of an older generation');
        this.#move(event, ['available'], 'in use');
        break;
      case 'connectionCheckOutFailed':
        this.#waiting -= 1;
        if (event.reason === 'poolClosed') this.#require(this.#state === 'closed', event, `while ${this.#state}`);
        break;
      case 'connectionCheckedIn':
        this.#move(event, ['in use'], 'available');
        break;
      case 'connectionClosed':
        this.#move(event, ['pending', 'available'], 'closed');
        break;
      default:
        this.#problems.push(`${name} is not of a pool`);
    }
    this.#require(this.#waiting >= 0, event, 'ends a check-out that has not started');
    this.#require(this.#index === 1 || this.#state !== 'none', event, 'before its pool was created');
  }

  end(): string[] {
    if (this.#state === 'closed') {
      if (this.#waiting > 0) this.#problems.push(`${this.#waiting} check-outs have not ended`);
      for (const [id, place] of this.#places) {
        if (place !== 'closed') this.#problems.push(`connection ${String(id)} is ${place} at the end`);
      }
    }
    return this.#problems;
  }

  #clear(event: PoolEvent): void {
    this.#enter('paused', ['ready'], event);
    for (const [id, place] of this.#places) {
      if (place !== 'closed') this.#stale.add(id);
    }
  }

  #enter(next: 'paused' | 'ready' | 'closed', from: string[], event: PoolEvent): void {
    this.#require(from.includes(this.#state), event, `while ${this.#state}`);
    this.#state = next;
  }

  #move(event: PoolEvent, from: Place[], to: Place): void {
    const place = this.#places.get(event.connectionId);
    this.#require(place !== undefined && from.includes(place), event, `that is ${place ?? 'unknown'}`);
    this.#places.set(event.connectionId, to);
  }

  #require(holds: boolean, { name, connectionId }: PoolEvent, otherwise: string): void {
    if (holds) return;
    const connection = connectionId === undefined ? '' : ` of connection ${String(connectionId)}`;
    this.#problems.push(`event ${this.#index}, ${name}${connection}, ${otherwise}`);
  }
}

/** The most that each pool had at a time, by its events. */
export interface Peak {
  address: string;
  pending: number;
  total: number;
}

/** {@link Peak}, of each pool in the order of their creation. */
export function peaks(log: EventLog): Peak[] {
  return byPool(log.events).map(([address, events]) => {
    const pending = new Set<unknown>();
    const open = new Set<unknown>();
    const peak = { address, pending: 0, total: 0 };
    for (const { name, connectionId } of events) {
      if (name === 'connectionCreated') {
        pending.add(connectionId);
        open.add(connectionId);
      }
      if (name === 'connectionReady' || name === 'connectionClosed') pending.delete(connectionId);
      if (name === 'connectionClosed') open.delete(connectionId);
      peak.pending = Math.max(peak.pending, pending.size);
      peak.total = Math.max(peak.total, open.size);
    }
    return peak;
  });
}
