// A client of a test, and what it has emitted.

import { MongoClient, MongoParseError, type LaneKind } from 'ferropool';
import { EventLog } from './events.mjs';
import type { Fields } from './file.mjs';
import { Unsupported } from './unsupported.mjs';

/** The fields of a `client` entity that are heeded, or have no effect on a standalone server. */
const heeded = new Set([
  'id',
  'uriOptions',
  'useMultipleMongoses',
  'observeEvents',
  'ignoreCommandMonitoringEvents',
  'observeSensitiveCommands',
  'awaitMinPoolSizeMS',
]);

export class TestClient {
  readonly client: MongoClient;
  readonly events: EventLog;

  /** Creates what a `client` entity describes. */
  static async create(fields: Fields, port: number, lane: LaneKind): Promise<TestClient> {
    const other = Object.keys(fields).find((field) => !heeded.has(field));
    if (other !== undefined) throw new Unsupported(`${other} of a client`);
    const created = new TestClient(fields, open(port, (fields['uriOptions'] ?? {}) as Fields, lane));
    await created.#populate(fields['awaitMinPoolSizeMS'] as number | undefined);
    // What populating the pool caused is not the test's.
    created.events.observe(created.client);
    return created;
  }

  private constructor(fields: Fields, client: MongoClient) {
    this.client = client;
    this.events = new EventLog({
      observed: (fields['observeEvents'] ?? []) as string[],
      ignoredCommands: (fields['ignoreCommandMonitoringEvents'] ?? []) as string[],
      observesSensitiveCommands: fields['observeSensitiveCommands'] === true,
    });
  }

  get checkedOut(): number {
    return this.client.pools().reduce((sum, { inUseConnectionCount }) => sum + inUseConnectionCount, 0);
  }

  async close(): Promise<void> {
    await this.client.close({ drainMS: 0 });
  }

  async #populate(timeoutMS: number | undefined): Promise<void> {
    if (timeoutMS === undefined) return;
    try {
      await this.client.warm({ signal: AbortSignal.timeout(timeoutMS) });
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}

function open(port: number, uriOptions: Fields, lane: LaneKind): MongoClient {
  const query = new URLSearchParams({ directConnection: 'true' });
  for (const [name, value] of Object.entries(uriOptions)) {
    query.delete(name);
    // `readPreferenceTags` is a list: one for each time that the option is given.
    for (const each of [value].flat()) query.append(name, uriText(name, each));
  }
  try {
    return new MongoClient(`mongodb://127.0.0.1:${port}/?${query}`, { lane });
  } catch (error) {
    if (!(error instanceof MongoParseError)) throw error;
    throw new Unsupported(`uriOptions ${JSON.stringify(uriOptions)} (${error.message})`);
  }
}

function uriText(name: string, value: unknown): string {
  if (typeof value !== 'object') return String(value);
  throw new Unsupported(`the value ${JSON.stringify(value)} of ${name}`);
}
