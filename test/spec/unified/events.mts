// What a client emits, under the names of the unified test format.

import type { MongoClient } from 'ferropool';
import { TestError } from './unsupported.mjs';

/** Which specification an event belongs to. */
export type EventType = 'command' | 'cmap' | 'sdam';

export interface ObservedEvent {
  readonly type: EventType;
  /** For example `commandStartedEvent`. */
  readonly name: string;
  readonly event: Readonly<Record<string, unknown>>;
}

export interface Observation {
  /** The events to record, by name. */
  readonly observed: readonly string[];
  /** Commands whose events are not recorded. */
  readonly ignoredCommands: readonly string[];
  readonly observesSensitiveCommands: boolean;
}

/** The commands whose events show neither command nor reply ("Command Logging and Monitoring", "Security"). */
const sensitiveCommands = new Set([
  'authenticate',
  'saslstart',
  'saslcontinue',
  'getnonce',
  'createuser',
  'updateuser',
  'copydbgetnonce',
  'copydbsaslstart',
  'copydb',
]);

export class EventLog {
  readonly #observation: Observation;
  readonly #events: ObservedEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  constructor(observation: Observation) {
    this.#observation = observation;
    // Before there is a client that would have to be closed.
    for (const name of observation.observed) typeOf(name);
  }

  /** Records what a client emits from now on. */
  observe(client: Pick<MongoClient, 'on'>): void {
    for (const name of this.#observation.observed) {
      client.on(eventNameOf(name), (event: object) => this.#record(name, event as Record<string, unknown>));
    }
  }

  /** What was recorded, of one type or all. */
  events(type?: EventType): readonly ObservedEvent[] {
    return this.#events.filter((event) => type === undefined || event.type === type);
  }

  /** Records nothing any more: what ending a test causes is not the test's. */
  end(): void {
    this.#isOver = true;
  }

  /** Resolves when `holds`, which it may already. */
  async until(holds: () => boolean, timeoutMS: number, what: string): Promise<void> {
    const deadline = performance.now() + timeoutMS;
    while (!holds()) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`${what} in ${timeoutMS} ms`);
      await this.#next(left);
    }
  }

  #record(name: string, event: Record<string, unknown>): void {
    if (this.#isOver) return;
    const type = typeOf(name);
    if (type === 'command' && this.#isIgnored(event)) return;
    this.#events.push({ type, name, event });
    for (const wake of this.#waiting) wake();
  }

  #isIgnored({ commandName, command, reply }: Record<string, unknown>): boolean {
    const { ignoredCommands, observesSensitiveCommands } = this.#observation;
    const name = String(commandName);
    // The test's own fail points.
    if (name === 'configureFailPoint' || ignoredCommands.includes(name)) return true;
    return !observesSensitiveCommands && isSensitive(name.toLowerCase(), command ?? reply);
  }

  /** Resolves at the next event, or after so many milliseconds. */
  #next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
    });
  }
}

/** Of a hello, only that it is shown empty says that it was sensitive. */
function isSensitive(name: string, content: unknown): boolean {
  if (sensitiveCommands.has(name)) return true;
  const isEmpty = typeof content === 'object' && content !== null && Object.keys(content).length === 0;
  return ['hello', 'ismaster'].includes(name) && isEmpty;
}

/** `connectionPoolReady` for `poolReadyEvent`, and what else a listener is registered for. */
type EventName = Parameters<MongoClient['on']>[0];

function eventNameOf(name: string): EventName {
  return name.replace(/^pool/, 'connectionPool').replace(/Event$/, '') as EventName;
}

/** The type of an event by its name. */
export function typeOf(name: string): EventType {
  if (/^command(Started|Succeeded|Failed)Event$/.test(name)) return 'command';
  if (/^(pool(Created|Ready|Cleared|Closed)|connection(Created|Ready|Closed|CheckOutStarted|CheckOutFailed|CheckedOut|CheckedIn))Event$/.test(name)) {
    return 'cmap';
  }
  if (/^(server(DescriptionChanged|Opening|Closed|Heartbeat(Started|Succeeded|Failed))|topology(DescriptionChanged|Opening|Closed))Event$/.test(name)) {
    return 'sdam';
  }
  throw new TestError(`the format has no event ${name}`);
}
