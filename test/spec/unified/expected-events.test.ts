import { ObjectId } from 'bson';
import { describe, expect, it } from 'vitest';
import { Entities } from './entities.mjs';
import { EventLog, type ObservedEvent } from './events.mjs';
import { checkEvents } from './expected-events.mjs';
import { Unsupported } from './unsupported.mjs';

const started: ObservedEvent = {
  type: 'command',
  name: 'commandStartedEvent',
  event: { commandName: 'ping', databaseName: 'admin', command: { ping: 1, $db: 'admin' } },
};
const cleared: ObservedEvent = { type: 'cmap', name: 'poolClearedEvent', event: { interruptInUseConnections: false } };

const check = (events: object[], observed: ObservedEvent[], more: object = {}) =>
  checkEvents({ client: 'client0', events: events as never, ...more }, observed, new Entities());
const cmap = { eventType: 'cmap' };

describe('expectEvents', () => {
  it('accepts events in order, with extra fields in a command', () => {
    expect(check([{ commandStartedEvent: { command: { ping: 1 }, commandName: 'ping', databaseName: 'admin' } }], [started])).toBeUndefined();
    expect(check([{ poolClearedEvent: { interruptInUseConnections: false, hasServiceId: false } }], [cleared], cmap)).toBeUndefined();
  });

  it('accepts an event more only where those may be ignored', () => {
    expect(check([], [started])).toContain('command events of client0[0] should not exist');
    expect(check([{ commandStartedEvent: {} }], [started, started], { ignoreExtraEvents: true })).toBeUndefined();
  });

  it.each<[string, object, ObservedEvent[], string]>([
    ['a missing event', { commandStartedEvent: {} }, [], 'client0[0] should exist'],
    ['another event', { commandSucceededEvent: {} }, [started], 'should be commandSucceededEvent, is commandStartedEvent'],
    ['another command', { commandStartedEvent: { commandName: 'hello' } }, [started], "commandName should be 'hello', is 'ping'"],
    ['a field of the command', { commandStartedEvent: { command: { ping: 2 } } }, [started], 'command.ping should be 2, is 1'],
    ['a service that there is not', { commandStartedEvent: { hasServiceId: true } }, [started], 'hasServiceId should be true'],
  ])('refuses %s', (_, expected, observed, message) => {
    expect(check([expected], observed)).toContain(message);
  });

  it('asserts no more of a description than its type', () => {
    const event = { awaited: true, previousDescription: { type: 'Unknown', address: 'a' }, newDescription: { type: 'Single', servers: [] } };
    const changed: ObservedEvent = { type: 'sdam', name: 'topologyDescriptionChangedEvent', event };
    const expecting = (fields: object) => check([{ topologyDescriptionChangedEvent: fields }], [changed], { eventType: 'sdam' });
    expect(expecting({ previousDescription: { type: 'Unknown' }, newDescription: {}, awaited: true })).toBeUndefined();
    expect(expecting({ newDescription: { type: 'Sharded' } })).toContain("newDescription.type should be 'Sharded', is 'Single'");
    expect(() => expecting({ newDescription: { servers: [] } })).toThrow('no assertion servers');
  });

  it('takes an id of zeros for none', () => {
    const withService = (serviceId: ObjectId): ObservedEvent => ({ ...started, event: { ...started.event, serviceId } });
    const zeros = new ObjectId('0'.repeat(24));
    expect(check([{ commandStartedEvent: { hasServiceId: false } }], [withService(zeros)])).toBeUndefined();
    expect(check([{ commandStartedEvent: { hasServiceId: true } }], [withService(new ObjectId())])).toBeUndefined();
  });

  it('says what events do not have yet', () => {
    expect(() => check([{ commandStartedEvent: { hasServerConnectionId: true } }], [started])).toThrow(Unsupported);
  });

  it.each([
    ['an event of another type', { poolReadyEvent: {} }],
    ['an unknown event', { commandEndedEvent: {} }],
    ['an unknown assertion', { commandStartedEvent: { requestId: 1 } }],
    ['two events in one', { commandStartedEvent: {}, commandFailedEvent: {} }],
  ])('is an error of the test with %s', (_, expected) => {
    expect(() => check([expected], [started])).toThrow(Error);
  });
});

describe('what is recorded', () => {
  function record(events: Record<string, object[]>, more: object = {}): string[] {
    const observed = ['commandStartedEvent', 'commandSucceededEvent', 'poolReadyEvent'];
    const log = new EventLog({ observed, ignoredCommands: [], observesSensitiveCommands: false, ...more });
    const listeners = new Map<string, (event: object) => void>();
    log.observe({ on: (name: string, listener: (event: object) => void) => listeners.set(name, listener) } as never);
    for (const [name, each] of Object.entries(events)) for (const event of each) listeners.get(name)?.(event);
    return log.events().map(({ name, event }) => `${name} ${event['commandName'] ?? ''}`.trim());
  }
  const ping = { commandName: 'ping', command: { ping: 1 } };

  it('is what is asked for', () => {
    expect(record({ commandStarted: [ping], connectionPoolReady: [{}], commandFailed: [ping] })).toEqual(['commandStartedEvent ping', 'poolReadyEvent']);
  });

  it('leaves out ignored commands, fail points and sensitive ones', () => {
    const names = ['find', 'configureFailPoint', 'saslStart'].map((commandName) => ({ commandName, command: { [commandName]: 1 } }));
    const hellos = [
      { commandName: 'hello', command: {} },
      { commandName: 'isMaster', command: { isMaster: 1 } },
    ];
    const commandStarted = [...names, ...hellos, ping];
    expect(record({ commandStarted }, { ignoredCommands: ['find'] })).toEqual(['commandStartedEvent isMaster', 'commandStartedEvent ping']);
    expect(record({ commandStarted }, { observesSensitiveCommands: true })).toHaveLength(5);
  });

  it('is nothing that the format does not have', () => {
    expect(() => record({}, { observed: ['commandEvent'] })).toThrow('no event commandEvent');
  });
});
