import type { CommandEvents } from '../command-events';
import type { ConnectionPoolEvents } from '../events';
import type { TopologyEvents } from '../sdam-events';
import { commandMessages } from './command';
import { connectionMessages } from './connection';
import { present, type Fields, type LogContext } from './fields';
import { logSettings, type LogOptions, type LogSettings } from './options';
import { selectionMessages, type SelectionEvents } from './server-selection';
import { isLogged, type MongoLoggableComponent, type SeverityLevel } from './severity';
import { Sink } from './sink';
import { topologyMessages } from './topology';

type Events = ConnectionPoolEvents & CommandEvents & TopologyEvents & SelectionEvents;
type EventName = keyof Events;
type Message = (event: never, context: LogContext) => Fields;

const components = {
  command: commandMessages,
  topology: topologyMessages,
  serverSelection: selectionMessages,
  connection: connectionMessages,
};

/** The messages whose level is not `debug`. */
const severities: Readonly<Record<string, SeverityLevel>> = { waitingForSuitableServer: 'info' };

/** The log of a client or pool, made of its events. */
export class Logs {
  readonly #messages = new Map<string, [MongoLoggableComponent, Message]>();
  readonly #context: LogContext;
  readonly #sink: Sink;
  #clientLevel: SeverityLevel;

  /** None where nothing is turned on. `halted` is called if nothing can be logged any more. */
  static of(options: LogOptions, topologyId: number, halted: () => void): Logs | undefined {
    const settings = logSettings(options, process.env);
    const isOff = Object.values(settings.levels).every((level) => level === 'off');
    return isOff ? undefined : new Logs(settings, topologyId, halted);
  }

  private constructor({ levels, maxDocumentLength, path }: LogSettings, topologyId: number, halted: () => void) {
    this.#context = { topologyId, most: maxDocumentLength };
    this.#clientLevel = levels.client;
    this.#sink = new Sink(path, () => {
      this.#messages.clear();
      this.#clientLevel = 'off';
      halted();
    });
    for (const [component, messages] of Object.entries(components) as [keyof typeof components, object][]) {
      for (const [name, message] of Object.entries(messages) as [string, Message][]) {
        if (isLogged(severities[name] ?? 'debug', levels[component])) this.#messages.set(name, [component, message]);
      }
    }
  }

  /** Whether an event is logged. */
  wants(name: EventName): boolean {
    return this.#messages.has(name);
  }

  /** Which steps of selections are logged: 0 for none, 1 for those that wait, 2 for all. */
  get selections(): number {
    return Number(this.wants('waitingForSuitableServer')) + Number(this.wants('serverSelectionStarted'));
  }

  event(event: { readonly name: EventName; readonly time?: Date }): void {
    const [component, message] = this.#messages.get(event.name) ?? [];
    if (!component || !message) return;
    this.#write(component, severities[event.name] ?? 'debug', message(event as never, this.#context), event.time);
  }

  /** What was ignored of the options. */
  warning(message: string): void {
    if (isLogged('warn', this.#clientLevel)) this.#write('client', 'warn', { message });
  }

  #write(component: MongoLoggableComponent, severity: SeverityLevel, fields: Fields, time = new Date()): void {
    this.#sink.write({ t: time, c: component, s: severity, ...present(fields) });
  }
}
