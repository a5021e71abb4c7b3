// Callers that look documents up, one after another, and send again what a lost connection took with it.

import { MongoNetworkError } from 'ferropool';

import { pause } from './pause.mjs';
import { DOCUMENTS } from './server.mjs';

const ATTEMPTS = 8;

/**
 * Runs `concurrency` callers until `signal`, then waits for what they have begun.
 *
 * @param {{ pauseMS: number }} pace may change at any time
 * @param {import('./measure.mjs').Measure} measure
 */
export async function runCallers({ client, concurrency, signal, pace, measure }) {
  const items = client.db('demo');
  const call = async () => {
    while (!signal.aborted) {
      // Callers that pause do not keep step with each other.
      if (pace.pauseMS > 0) await pause(Math.random() * 2 * pace.pauseMS, signal);
      const _id = Math.floor(Math.random() * DOCUMENTS);
      await measure.command(() => find(items, _id, measure));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, call));
}

/** A read may be sent again: nothing changes by it. */
async function find(database, _id, measure) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.command({ find: 'items', filter: { _id }, limit: 1, singleBatch: true });
    } catch (error) {
      if (!(error instanceof MongoNetworkError) || attempt === ATTEMPTS) throw error;
      measure.sentAgain += 1;
      // Whoever cannot be dialled may have too much to do already: each attempt waits twice as long as the last one.
      if (error.hasErrorLabel('SystemOverloadedError')) await pause(Math.random() * 20 * 2 ** attempt);
    }
  }
}
