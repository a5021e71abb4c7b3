import { expect, it } from 'vitest';

import type { ObservedEvent } from './observed-pool.js';
import { illegal } from './sequences.js';

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
  opening: 'topologyOpening',
  ending: 'topologyClosed',
  described: 'topologyDescriptionChanged',
  '+server': 'serverOpening',
  '-server': 'serverClosed',
  changed: 'serverDescriptionChanged',
  asks: 'serverHeartbeatStarted',
  answered: 'serverHeartbeatSucceeded',
  silent: 'serverHeartbeatFailed',
} as const;

/** `out:1` is the check-out of connection 1, `failed:timeout` one that timed out. */
function sequence(text: string): ObservedEvent[] {
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
  'created closed created ready closed',
  'created opening described +server asks answered changed described ready closed -server described ending',
  'created opening +server asks silent asks answered asks closed -server ending',
  'opening +server created ready started +:1 =:1 out:1 closed -server in:1 -:1 ending',
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
  ['created opening +server -server', 'a server that is closed before its pool'],
  ['created opening +server closed ending', 'a topology that is closed before its server'],
  ['created opening +server closed -server -server', 'a server that is closed twice'],
  ['opening created', 'a pool of a server that is not open'],
  ['opening +server +server', 'a server that is opened twice'],
  ['opening opening', 'a topology that is opened twice'],
  ['+server', 'a server of no topology'],
  ['opening ending +server', 'a server of a closed topology'],
  ['opening ending described', 'described after its end'],
  ['opening +server answered', 'an answer to nothing'],
  ['opening +server asks asks', 'a monitor that asks twice'],
  ['opening asks', 'a server that is asked before it is open'],
  ['created opening +server closed -server asks', 'a server that is asked after its end'],
  ['opening changed', 'a server that is described before it is open'],
])('%s: illegal, %s', (text) => {
  expect(illegal(sequence(text))).not.toEqual([]);
});
