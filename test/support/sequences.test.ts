import { expect, it } from 'vitest';

import { illegal, type PoolEvent } from './sequences.js';

const names = {
  created: 'connectionPoolCreated',
  ready: 'connectionPoolReady',
  cleared: 'connectionPoolCleared',
  closed: 'connectionPoolClosed',
  '+': 'connectionCreated',
  '=': 'connectionReady',
  '-': 'connectionClosed',
  started: 'connectionCheckOutStarted',
  failed: 'connectionCheckOutFailed',
  out: 'connectionCheckedOut',
  in: 'connectionCheckedIn',
} as const;

/** `out:1` is the check-out of connection 1, `failed:timeout` one that timed out. */
function sequence(text: string): PoolEvent[] {
  return text.split(' ').map((word) => {
    const [short, detail] = word.split(':');
    const id = Number(detail);
    return {
      name: names[short as keyof typeof names],
      address: 'a:1',
      ...(detail && (Number.isNaN(id) ? { reason: detail } : { connectionId: id })),
    };
  });
}

it.each([
  'created ready closed',
  'created ready started +:1 =:1 out:1 in:1 closed -:1',
  'created ready started +:1 =:1 out:1 cleared in:1 -:1 ready started +:2 =:2 out:2 closed in:2 -:2',
  'created ready started +:1 cleared failed:connectionError -:1 closed',
  'created closed started failed:poolClosed',
  'created ready started +:1 =:1 out:1',
])('%s: legal', (text) => {
  expect(illegal(sequence(text))).toEqual([]);
});

it.each([
  ['ready', 'a pool that was not created'],
  ['created created', 'created twice'],
  ['created ready ready', 'ready twice'],
  ['created cleared', 'cleared while paused'],
  ['created +:1', 'a connection of a paused pool'],
  ['created ready +:2', 'a number left out'],
  ['created ready +:1 =:1 =:1', 'ready twice'],
  ['created ready +:1 -:1 =:1', 'ready after its end'],
  ['created ready +:1 =:1 -:1 -:1', 'closed twice'],
  ['created ready started +:1 out:1', 'checked out before it was ready'],
  ['created ready started +:1 =:1 out:1 -:1', 'closed in use'],
  ['created ready +:1 =:1 out:1', 'a check-out that did not start'],
  ['created ready +:1 =:1 in:1', 'checked in twice'],
  ['created ready started started +:1 =:1 out:1 out:1', 'two holders'],
  ['created ready +:1 cleared ready =:1', 'established in an older generation'],
  ['created ready +:1 =:1 cleared ready started out:1', 'a stale connection'],
  ['created ready +:1 =:1 closed', 'a connection left open'],
  ['created ready started closed', 'a check-out left waiting'],
  ['created ready started failed:poolClosed', 'refused by a pool that is open'],
  ['created closed ready', 'ready after its end'],
])('%s: illegal, %s', (text) => {
  expect(illegal(sequence(text))).not.toEqual([]);
});
