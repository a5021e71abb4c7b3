// The test runner's operations that look into sessions.

import { inspect, isDeepStrictEqual } from 'node:util';
import { EJSON } from 'bson';
import type { FailPoint } from '../servers.mjs';
import { args, required, type Operation, type Operations } from './operation.mjs';
import type { Run } from './run.mjs';
import { TestError, Unsupported } from './unsupported.mjs';

/** What is asserted of a session that operations do not show. */
interface Inspected {
  readonly transaction?: {
    readonly state?: string;
    /** Of the router that it is pinned to. */
    readonly address?: string;
  };
  readonly isPinned?: boolean;
  readonly serverSession?: { readonly isDirty?: boolean };
}

export const sessionAssertions: Operations = {
  assertSessionTransactionState: async (run, _, given) => {
    const { state } = args(given, 'assertSessionTransactionState', ['session', 'state']);
    const actual = known('the state of its transaction', sessionOf(run, given).transaction?.state);
    // That nothing had to be sent for it is no state of the format.
    if (actual.replace('_empty', '') !== state) throw new TestError(`the transaction should be ${String(state)}, is ${actual}`);
  },

  assertSessionPinned: assertion('pinned', ({ isPinned }) => isPinned, true),
  assertSessionUnpinned: assertion('pinned', ({ isPinned }) => isPinned, false),
  assertSessionDirty: assertion('dirty', ({ serverSession }) => serverSession?.isDirty, true),
  assertSessionNotDirty: assertion('dirty', ({ serverSession }) => serverSession?.isDirty, false),

  assertSameLsidOnLastTwoCommands: async (run, _, given) => assertLsids(run, given, true),
  assertDifferentLsidOnLastTwoCommands: async (run, _, given) => assertLsids(run, given, false),

  targetedFailPoint: async (run, _, given) => {
    const session = sessionOf(run, args(given, 'targetedFailPoint', ['session', 'failPoint']));
    if (!known('whether it is pinned', session.isPinned)) throw new TestError('the session is not pinned');
    const address = known('the address that it is pinned to', session.transaction?.address);
    await run.failPointAt(address, required<FailPoint>(given, 'targetedFailPoint', 'failPoint'));
  },
};

function assertion(what: string, is: (session: Inspected) => boolean | undefined, expected: boolean): Operation {
  return async (run, _, given) => {
    const session = sessionOf(run, args(given, 'an assertion of a session', ['session']));
    if (known(`whether it is ${what}`, is(session)) !== expected) throw new TestError(`the session should ${expected ? '' : 'not '}be ${what}`);
  };
}

function sessionOf({ entities }: Run, given: Readonly<Record<string, unknown>>): Inspected {
  return entities.get('session', given['session']).session as Inspected;
}

function known<T>(what: string, value: T | undefined): T {
  if (value === undefined) throw new Unsupported(`to say of a session ${what}`);
  return value;
}

function assertLsids({ entities }: Run, given: Readonly<Record<string, unknown>>, same: boolean): void {
  const { client } = args(given, 'an assertion of the last two commands', ['client']);
  const started = entities.get('client', client).events.events('command').filter(({ name }) => name === 'commandStartedEvent');
  const lsids = started.slice(-2).map(({ event }) => (event['command'] as { lsid?: unknown }).lsid);
  if (lsids.length < 2 || lsids.includes(undefined)) throw new TestError(`two commands should have an lsid: ${inspect(lsids)}`);
  const [one, other] = lsids.map((lsid) => EJSON.stringify(lsid));
  if (isDeepStrictEqual(one, other) !== same) throw new TestError(`the lsids should ${same ? '' : 'not '}be the same: ${one}, ${other}`);
}
