// Whether events can be what happened, in this order; and what they say of how much there was at a time.

import { expect } from 'vitest';

import type { EventLog } from './events.js';
import { ObservedClient, type Peak } from './observed-client.js';
import type { ObservedEvent } from './observed-pool.js';

/** Fails unless the events of each pool, from its creation on, form a legal sequence; for a pool that is closed, a whole one. */
export function expectLegalSequences(log: EventLog): void {
  expect(illegal(log.events)).toEqual([]);
}

/** What is wrong with the events of one client. */
export function illegal(events: readonly ObservedEvent[]): string[] {
  return observed(events).problems;
}

/** {@link Peak}, of each pool in the order of their creation. */
export function peaks(log: EventLog): Peak[] {
  return observed(log.events).peaks;
}

function observed(events: readonly ObservedEvent[]): ObservedClient {
  const client = new ObservedClient();
  for (const event of events) client.take(event);
  return client;
}
