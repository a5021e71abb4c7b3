// What a pool or client emits, in order, and waiting for it.

import type { CommandEvents, ConnectionPool, ConnectionPoolEvents, MongoClient, TopologyEvents } from 'ferropool';

export const poolEventNames = [
  'connectionPoolCreated',
  'connectionPoolReady',
  'connectionPoolCleared',
  'connectionPoolClosed',
  'connectionCreated',
  'connectionReady',
  'connectionClosed',
  'connectionCheckOutStarted',
  'connectionCheckOutFailed',
  'connectionCheckedOut',
  'connectionCheckedIn',
] as const satisfies readonly (keyof ConnectionPoolEvents)[];

export const commandEventNames = [
  'commandStarted',
  'commandSucceeded',
  'commandFailed',
] as const satisfies readonly (keyof CommandEvents)[];

export const topologyEventNames = [
  'topologyOpening',
  'topologyClosed',
  'topologyDescriptionChanged',
  'serverOpening',
  'serverClosed',
  'serverDescriptionChanged',
  'serverHeartbeatStarted',
  'serverHeartbeatSucceeded',
  'serverHeartbeatFailed',
] as const satisfies readonly (keyof TopologyEvents)[];

type Events = ConnectionPoolEvents & CommandEvents & TopologyEvents;
export type EventName = keyof Events;
export type EventOf<Name extends EventName> = Parameters<Events[Name]>[0];
export type AnyEvent = { [Name in EventName]: EventOf<Name> }[EventName];
export type AnyPoolEvent = EventOf<(typeof poolEventNames)[number]>;

export function isPoolEvent(event: AnyEvent): event is AnyPoolEvent {
  return (poolEventNames as readonly string[]).includes(event.name);
}

/** Records events of the given names from now on. */
export class EventLog {
  readonly events: AnyEvent[] = [];
  #changed: (() => void)[] = [];

  constructor(emitter: ConnectionPool | MongoClient, names: readonly EventName[] = poolEventNames) {
    for (const name of names) {
      emitter.on(name, (event: AnyEvent) => {
        this.events.push(event);
        for (const changed of this.#changed.splice(0)) changed();
      });
    }
  }

  /** Their names, in order. */
  get names(): EventName[] {
    return this.events.map(({ name }) => name);
  }

  /** Those of one name, in order. */
  of<Name extends EventName>(name: Name): EventOf<Name>[] {
    return this.events.filter((event): event is EventOf<Name> => event.name === name);
  }

  /** Resolves with the event that is the `count`th of its name, which may have been recorded already. */
  async nth<Name extends EventName>(name: Name, count = 1): Promise<EventOf<Name>> {
    await this.until(() => this.of(name).length >= count);
    return this.of(name)[count - 1] as EventOf<Name>;
  }

  /** Resolves when the condition holds after an event. The test's own time-out bounds it. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.events.length = 0;
  }
}
