import { describe, expect, it } from 'vitest';
import { Entities } from './entities.mjs';
import { checkMessages, MessageLog } from './log-messages.mjs';

const log = { t: new Date(), c: 'command', s: 'debug', message: 'Command failed', commandName: 'ping', failure: 'no' };
const expected = { level: 'debug', component: 'command', data: { message: 'Command failed', failure: { $$exists: true } } };

function check(messages: object[], more: object = {}, logs: object[] = [log]): string | undefined {
  const collected = new MessageLog();
  for (const each of logs) collected.write(each);
  return checkMessages({ client: 'client0', messages: messages as never, ...more }, collected.messages, new Entities());
}

describe('expectLogMessages', () => {
  it('accepts messages in order, with further data', () => {
    expect(check([expected])).toBeUndefined();
    expect(check([{ ...expected, failureIsRedacted: false }])).toBeUndefined();
  });

  it.each<[boolean, unknown]>([
    [true, '(redacted)'],
    [true, { message: '(redacted)', code: 1, errorResponse: '{"ok":0,"errmsg":"(redacted)","code":1,"codeName":"x","errorLabels":[]}' }],
    [false, { message: 'no such user' }],
    [false, { message: '(redacted)', errorResponse: '{"ok":0,"errmsg":"no such user"}' }],
    [false, { message: '(redacted)', errorResponse: '{"ok":0,"user":"x"}' }],
  ])('says %s of whether a failure is redacted that is %j', (isRedacted, failure) => {
    const logs = [{ ...log, failure }];
    expect(check([{ ...expected, failureIsRedacted: isRedacted }], {}, logs)).toBeUndefined();
    expect(check([{ ...expected, failureIsRedacted: !isRedacted }], {}, logs)).toContain(`failureIsRedacted should be ${!isRedacted}`);
  });

  it('accepts other messages only where those may be ignored', () => {
    expect(check([])).toContain('messages of client0[0] should not exist');
    expect(check([], { ignoreExtraMessages: true })).toBeUndefined();
    const other = { ...log, message: 'Command started' };
    expect(check([expected], { ignoreMessages: [{ data: { message: 'Command started' } }] }, [other, log, other])).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['another level', { ...expected, level: 'info' }, "[0].level should be 'info', is 'debug'"],
    ['another component', { ...expected, component: 'topology' }, "[0].component should be 'topology'"],
    ['other data', { ...expected, data: { commandName: 'find' } }, "[0].data.commandName should be 'find', is 'ping'"],
    ['a failure that is shown', { ...expected, failureIsRedacted: true }, '[0].failureIsRedacted should be true'],
  ])('refuses %s', (_, message, found) => {
    expect(check([message])).toContain(found);
  });

  it('refuses a message too few', () => {
    expect(check([expected], {}, [])).toContain('messages of client0[0] should exist');
  });

  it('is an error of the test with an unknown assertion', () => {
    expect(() => check([{ color: 'red' }])).toThrow('no such assertion');
  });
});

describe('what is logged', () => {
  it('is taken until the test ends, and forgotten when its client is ready', () => {
    const messages = new MessageLog();
    messages.write(log);
    messages.clear();
    messages.write({ ...log, message: 'x' });
    messages.end();
    messages.write(log);
    expect(messages.messages).toMatchObject([{ level: 'debug', component: 'command', data: { message: 'x', commandName: 'ping' } }]);
  });
});
