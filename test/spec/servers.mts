// The servers that tests run against. Each is started when the first test asks for it, and serves all of them.

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServerTraits } from './requirements.mjs';

/** Where a pool connects to. */
export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** A mongod; its commands go over connections that are not the product's. */
export interface RealServer extends Server {
  command(database: string, body: object): Promise<Record<string, unknown>>;
}

/** A mongod with what tests require of it. */
export interface Deployment {
  readonly server: RealServer;
  readonly traits: ServerTraits;
}

/** A `configureFailPoint` command. */
export interface FailPoint {
  readonly configureFailPoint: string;
  readonly data?: { readonly appName?: string };
}

interface StubScript {
  startStub(): Promise<Server>;
}

interface MongodScript {
  startStandalone(): Promise<RealServer>;
  readonly MongodUnavailable: new (...args: never[]) => Error;
}

/** There is no such server on this machine: what needs it is skipped, and the message says why. */
export class ServerUnavailable extends Error {}

export class Servers {
  #stub: Promise<Server> | undefined;
  #mongod: Promise<Deployment> | undefined;

  /** Where the behaviour of a connection is irrelevant beyond its being established. */
  stub(): Promise<Server> {
    this.#stub ??= script<StubScript>('stub.mjs').then(({ startStub }) => startStub());
    return this.#stub;
  }

  /** A standalone with fail points. Rejects with {@link ServerUnavailable} where there is none to be had. */
  mongod(): Promise<Deployment> {
    this.#mongod ??= startMongod();
    return this.#mongod;
  }

  async stop(): Promise<void> {
    // A server that did not start has said so to the tests that wanted it.
    const started = await Promise.allSettled([this.#stub, this.#mongod?.then(({ server }) => server)]);
    await Promise.all(started.map((each) => (each.status === 'fulfilled' ? each.value?.stop() : undefined)));
  }
}

/**
 * Runs something with a fail point turned on. A fail point counts what it hits, so each run needs it anew, and it must not
 * outlive its run.
 */
export async function withFailPoint<T>({ server }: Deployment, failPoint: FailPoint, run: () => Promise<T>): Promise<T> {
  await server.command('admin', failPoint);
  try {
    return await run();
  } finally {
    await turnOff(server, failPoint);
  }
}

/**
 * Turning a fail point off waits for the commands that it blocks, and a server does not notice that a client, here the
 * application under test, no longer waits for them: ten seconds in one of the files. So they are killed meanwhile.
 */
export async function turnOff(server: RealServer, { configureFailPoint, data }: FailPoint): Promise<void> {
  let isOff = false;
  const off = server.command('admin', { configureFailPoint, mode: 'off' }).finally(() => {
    isOff = true;
  });
  const application = data?.appName;
  await Promise.all([off, application === undefined ? undefined : killBlocked(server, application, () => isOff)]);
}

async function killBlocked(server: RealServer, application: string, isOff: () => boolean): Promise<void> {
  const pipeline = [{ $currentOp: { allUsers: true } }, { $match: { appName: application, opid: { $exists: true } } }];
  while (!isOff()) {
    const reply = await server.command('admin', { aggregate: 1, pipeline, cursor: {} });
    const { firstBatch } = reply['cursor'] as { firstBatch: { opid: number }[] };
    for (const { opid } of firstBatch) await server.command('admin', { killOp: 1, op: opid });
  }
}

async function startMongod(): Promise<Deployment> {
  // `npm test` has looked for one already.
  const missing = process.env['FERROPOOL_NO_MONGOD'];
  if (missing) throw new ServerUnavailable(missing);
  const { startStandalone, MongodUnavailable } = await script<MongodScript>('mongod.mjs');
  const server = await startStandalone().catch((error: unknown) => {
    throw error instanceof MongodUnavailable ? new ServerUnavailable(error.message) : error;
  });
  const { version } = await server.command('admin', { buildInfo: 1 });
  const parameters = await server.command('admin', { getParameter: '*' });
  return { server, traits: { version: String(version), topology: 'single', auth: false, parameters } };
}

/** The scripts are not compiled with this program, which runs in the repository's root. */
async function script<Script>(name: string): Promise<Script> {
  return (await import(pathToFileURL(path.resolve('scripts', name)).href)) as Script;
}
