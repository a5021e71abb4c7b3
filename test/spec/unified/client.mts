// A client of a test, and what it has emitted.

import { MongoClient, MongoParseError, type LaneKind, type MongoClientOptions, type TopologyDescription } from 'ferropool';
import type { Deployment } from '../deployments.mjs';
import { poolEventNames, topologyEventNames } from '../../support/events.js';
import { ObservedClient } from '../../support/observed-client.js';
import type { ObservedEvent } from '../../support/observed-pool.js';
import { within } from '../within.mjs';
import { connectionString } from './connection-string.mjs';
import { unknownOption } from './driver.mjs';
import { EventLog } from './events.mjs';
import type { Fields } from './file.mjs';
import { MessageLog } from './log-messages.mjs';
import { refuseNever } from './never.mjs';
import { Unsupported } from './unsupported.mjs';

/** The fields of a `client` entity that are heeded. */
const heeded = new Set([
  'id',
  'uriOptions',
  'useMultipleMongoses',
  'observeEvents',
  'ignoreCommandMonitoringEvents',
  'observeSensitiveCommands',
  'observeLogMessages',
  'serverApi',
  'awaitMinPoolSizeMS',
]);

/**
 * So that a client is soon over what a fail point did to it ("Executing a Test"): a server that only pretends to shut down has
 * nothing new to tell the monitor that waits for it.
 */
const frequentHeartbeats = { heartbeatFrequencyMS: 500, minHeartbeatFrequencyMS: 50 };

/** A command that is longer is cut in a log message, and then is no JSON that a test could look into. */
const mongodbLogMaxDocumentLength = 10_000;

export class TestClient {
  readonly client: MongoClient;
  readonly events: EventLog;
  readonly #observed = new ObservedClient();
  readonly messages = new MessageLog();
  /** The last one that it has emitted. */
  topology: TopologyDescription | undefined;

  /** Creates what a `client` entity describes. */
  static async create(fields: Fields, deployment: Deployment, lane: LaneKind): Promise<TestClient> {
    for (const field of Object.keys(fields)) {
      refuseNever(field);
      if (!heeded.has(field)) throw new Unsupported(`${field} of a client`);
    }
    for (const option of Object.keys((fields['uriOptions'] ?? {}) as Fields)) refuseNever(option);
    const created = new TestClient(fields, deployment, lane);
    const populatedWithinMS = fields['awaitMinPoolSizeMS'] as number | undefined;
    if (populatedWithinMS !== undefined) {
      await created.#populate(populatedWithinMS);
      // What populating the pool caused is not the test's.
      created.messages.clear();
    }
    created.events.observe(created.client);
    // It watches its deployment as long as it exists; that it cannot is an event.
    created.client.connect().catch(() => {});
    return created;
  }

  readonly #waiting = new Set<() => void>();

  private constructor(fields: Fields, deployment: Deployment, lane: LaneKind) {
    this.events = new EventLog({
      observed: (fields['observeEvents'] ?? []) as string[],
      ignoredCommands: (fields['ignoreCommandMonitoringEvents'] ?? []) as string[],
      observesSensitiveCommands: fields['observeSensitiveCommands'] === true,
    });
    this.client = open(fields, deployment, { lane, ...this.#logOptions(fields) });
    for (const name of [...poolEventNames, ...topologyEventNames]) {
      this.client.on(name, (event: ObservedEvent) => this.#observed.take(event));
    }
    this.client.on('topologyDescriptionChanged', ({ newDescription }) => {
      this.topology = newDescription;
      for (const wake of this.#waiting) wake();
    });
  }

  get checkedOut(): number {
    return this.client.pools().reduce((sum, { inUseConnectionCount }) => sum + inUseConnectionCount, 0);
  }

  /** Resolves when `holds` of the topology, which it may already. */
  async whenTopology(holds: () => boolean, timeoutMS: number, what: string): Promise<void> {
    if (holds()) return;
    let wake = () => {};
    const held = new Promise<void>((resolve) => {
      wake = () => holds() && resolve();
      this.#waiting.add(wake);
    });
    await within(timeoutMS, what, held).finally(() => this.#waiting.delete(wake));
  }

  /** Closes it; its events, those of its pools, servers and topology, must have come in a legal order. */
  async close(): Promise<void> {
    await this.client.close({ drainMS: 0 });
    const { problems } = this.#observed;
    if (problems.length > 0) throw new Error(`the events are no legal sequence: ${problems.join('; ')}`);
  }

  #logOptions({ observeLogMessages }: Fields): object {
    if (!observeLogMessages) return {};
    return { mongodbLogPath: this.messages, mongodbLogComponentSeverities: observeLogMessages, mongodbLogMaxDocumentLength };
  }

  async #populate(timeoutMS: number): Promise<void> {
    try {
      await this.client.warm({ signal: AbortSignal.timeout(timeoutMS) });
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}

function open(fields: Fields, { uri, singleUri }: Deployment, more: MongoClientOptions): MongoClient {
  const uriOptions = (fields['uriOptions'] ?? {}) as Fields;
  const base = fields['useMultipleMongoses'] === false && singleUri !== undefined ? singleUri : uri;
  const options: MongoClientOptions = {
    ...more,
    ...(fields['serverApi'] !== undefined && { serverApi: fields['serverApi'] as NonNullable<MongoClientOptions['serverApi']> }),
    ...(uriOptions['heartbeatFrequencyMS'] === undefined && frequentHeartbeats),
  };
  try {
    return new MongoClient(connectionString(base, uriOptions), options);
  } catch (error) {
    if (error instanceof MongoParseError) throw new Unsupported(`uriOptions ${JSON.stringify(uriOptions)} (${error.message})`);
    throw unknownOption(error) ?? error;
  }
}
