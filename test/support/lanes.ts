// Every behaviour that concerns I/O holds on both lanes; what a test opens is closed when it ends, and its events have come in an order
// that is legal.

import { ConnectionPool, MongoClient, type ConnectionPoolOptions, type LaneKind, type MongoClientOptions } from 'ferropool';
import { describe, expect, onTestFinished } from 'vitest';

import { poolEventNames, topologyEventNames, type AnyEvent } from './events.js';
import { ObservedClient } from './observed-client.js';

export type Lane = Exclude<LaneKind, 'auto'>;
export const lanes = ['event-loop', 'tokio'] as const satisfies readonly Lane[];

/** The same suite once on each lane. */
export function onBothLanes(suite: (lane: Lane) => void): void {
  for (const lane of lanes) describe(`on the ${lane} lane`, () => suite(lane));
}

/** A pool that is closed, whatever is in use, when the test ends. It is paused until `ready()`. */
export function openPool(address: string, options: ConnectionPoolOptions): ConnectionPool {
  return legalToTheEnd(openUnheardPool(address, options));
}

/** A client that is closed, whatever is in use, when the test ends. */
export function openClient(uri: string, options: MongoClientOptions): MongoClient {
  return legalToTheEnd(openUnheardClient(uri, options));
}

/** The same, for what depends on who listens: nobody does. */
export function openUnheardPool(address: string, options: ConnectionPoolOptions): ConnectionPool {
  return closedAtTheEnd(new ConnectionPool(address, options));
}

/** The same for a client. */
export function openUnheardClient(uri: string, options: MongoClientOptions): MongoClient {
  return closedAtTheEnd(new MongoClient(uri, options));
}

function closedAtTheEnd<T extends ConnectionPool | MongoClient>(opened: T): T {
  // A test that failed may have begun a close without a deadline, whose result this one shares.
  onTestFinished(async () => {
    await opened.close({ drainMS: 0 });
  }, 10_000);
  return opened;
}

/** What is registered later runs earlier, so this closes it first. */
function legalToTheEnd<T extends ConnectionPool | MongoClient>(opened: T): T {
  const observed = new ObservedClient();
  const take = (event: AnyEvent): void => observed.take(event);
  for (const name of [...poolEventNames, ...topologyEventNames]) opened.on(name, take);
  onTestFinished(async () => {
    await opened.close({ drainMS: 0 });
    expect(observed.problems).toEqual([]);
  }, 10_000);
  return opened;
}
