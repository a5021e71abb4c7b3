// The order in which the events of a client can come: of its topology, of the servers in it, and of each server's pool.

import { poolEventNames, topologyEventNames, type EventName } from './events.js';
import { ObservedPool, type ObservedEvent } from './observed-pool.js';

const ofPools = new Set<EventName>(poolEventNames);
const ofTopologies = new Set<EventName>(topologyEventNames);

/** The most that a pool had at a time. */
export interface Peak {
  address: string;
  pending: number;
  total: number;
}

/** Keeps the books of a client, or of a pool without one, by its events alone: from the first one on, of all names or of pools'. */
export class ObservedClient {
  #topology: 'none' | 'open' | 'closed' = 'none';
  /** The servers that are open, and whether each is being asked by its monitor. */
  readonly #servers = new Map<string, { isAsked: boolean }>();
  readonly #current = new Map<string, ObservedPool>();
  readonly #pools: [address: string, pool: ObservedPool][] = [];
  readonly #problems: string[] = [];

  take(event: ObservedEvent): void {
    if (ofPools.has(event.name)) this.#takeOfPool(event);
    else if (ofTopologies.has(event.name)) this.#takeOfTopology(event);
  }

  /** What was wrong until now, and at the end of what is closed. */
  get problems(): string[] {
    const inPools = this.#pools.flatMap(([address, pool]) => pool.problems.map((problem) => `${address}: ${problem}`));
    return [...this.#problems, ...inPools];
  }

  /** In the order of the pools' creation. */
  get peaks(): Peak[] {
    return this.#pools.map(([address, { peak }]) => ({ address, ...peak }));
  }

  #takeOfPool(event: ObservedEvent): void {
    const { name, address = '' } = event;
    // A server that left and came back has another pool, which its creation begins.
    const current = this.#current.get(address);
    if (name === 'connectionPoolCreated' || !current) {
      this.#require(current?.isClosed !== false, event, 'before the last one is closed');
      const pool = new ObservedPool();
      this.#current.set(address, pool);
      this.#pools.push([address, pool]);
      this.#require(this.#topology === 'none' || this.#servers.has(address), event, 'at a server that is not open');
    }
    if (name === 'connectionPoolReady') this.#require(this.#topology !== 'closed', event, 'in a topology that is closed');
    this.#current.get(address)?.take(event);
  }

  #takeOfTopology(event: ObservedEvent): void {
    const { name, address = String(event.connectionId) } = event;
    if (name === 'topologyOpening') {
      this.#require(this.#topology === 'none', event, `while ${this.#topology}`);
      this.#topology = 'open';
      return;
    }
    this.#require(this.#topology === 'open', event, `while the topology is ${this.#topology}`);
    switch (name) {
      case 'topologyClosed':
        this.#topology = 'closed';
        this.#require(this.#servers.size === 0, event, `before ${[...this.#servers.keys()].join(', ')}`);
        return;
      case 'topologyDescriptionChanged':
        return;
      case 'serverOpening':
        this.#require(!this.#servers.has(address), event, 'twice');
        this.#servers.set(address, { isAsked: false });
        return;
    }
    const server = this.#servers.get(address);
    this.#require(server !== undefined, event, 'of a server that is not open');
    switch (name) {
      case 'serverClosed':
        this.#servers.delete(address);
        this.#require(this.#current.get(address)?.isClosed !== false, event, 'before its pool');
        break;
      case 'serverHeartbeatStarted':
        this.#require(server?.isAsked !== true, event, 'before the last one has ended');
        if (server) server.isAsked = true;
        break;
      case 'serverHeartbeatSucceeded':
      case 'serverHeartbeatFailed':
        this.#require(server?.isAsked !== false, event, 'that has not started');
        if (server) server.isAsked = false;
        break;
    }
  }

  #require(holds: boolean, event: ObservedEvent, otherwise: string): void {
    if (holds) return;
    const { name, address, connectionId } = event;
    this.#problems.push(`${name} of ${address ?? String(connectionId ?? 'the topology')}, ${otherwise}`);
  }
}
