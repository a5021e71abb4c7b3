// The order in which the events of one pool can come.

import type { EventName } from './events.js';

/** An event, as far as the order is concerned. */
export interface ObservedEvent {
  name: EventName;
  address?: string;
  connectionId?: unknown;
  reason?: unknown;
  serviceId?: unknown;
}

/** What a pool has of a connection, between its events. */
type Place = 'pending' | 'available' | 'in use' | 'closed';

/** Keeps the books of a pool by its events alone. */
export class ObservedPool {
  #state: 'none' | 'paused' | 'ready' | 'closed' = 'none';
  #waiting = 0;
  #index = 0;
  readonly #places = new Map<unknown, Place>();
  /** Connections that a clear of the whole pool has made stale. */
  readonly #stale = new Set<unknown>();
  readonly #problems: string[] = [];
  readonly #count = { pending: 0, total: 0 };
  /** The most that there were at a time. */
  readonly peak = { pending: 0, total: 0 };

  take(event: ObservedEvent): void {
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
        this.#counted(1, 1);
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

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** What was wrong until now, and at the end if this is it. */
  get problems(): string[] {
    const left: string[] = [];
    if (this.isClosed) {
      if (this.#waiting > 0) left.push(`${this.#waiting} check-outs have not ended`);
      for (const [id, place] of this.#places) {
        if (place !== 'closed') left.push(`connection ${String(id)} is ${place} at the end`);
      }
    }
    return [...this.#problems, ...left];
  }

  #clear(event: ObservedEvent): void {
    this.#enter('paused', ['ready'], event);
    for (const [id, place] of this.#places) {
      if (place !== 'closed') this.#stale.add(id);
    }
  }

  #enter(next: 'paused' | 'ready' | 'closed', from: string[], event: ObservedEvent): void {
    this.#require(from.includes(this.#state), event, `while ${this.#state}`);
    this.#state = next;
  }

  #move(event: ObservedEvent, from: Place[], to: Place): void {
    const place = this.#places.get(event.connectionId);
    this.#require(place !== undefined && from.includes(place), event, `that is ${place ?? 'unknown'}`);
    this.#places.set(event.connectionId, to);
    this.#counted(place === 'pending' ? -1 : 0, to === 'closed' ? -1 : 0);
  }

  #counted(pending: number, total: number): void {
    this.#count.pending += pending;
    this.#count.total += total;
    this.peak.pending = Math.max(this.peak.pending, this.#count.pending);
    this.peak.total = Math.max(this.peak.total, this.#count.total);
  }

  #require(holds: boolean, { name, connectionId }: ObservedEvent, otherwise: string): void {
    if (holds) return;
    const connection = connectionId === undefined ? '' : ` of connection ${String(connectionId)}`;
    this.#problems.push(`event ${this.#index}, ${name}${connection}, ${otherwise}`);
  }
}
