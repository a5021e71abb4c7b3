// The deployments that tests run on: what each is, and how it is started.

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

/** Servers that clients use together, with what tests require of them. */
export interface Deployment {
  /** What takes writes. */
  readonly server: RealServer;
  readonly traits: ServerTraits;
  /** For clients. */
  readonly uri: string;
  /** The same with one router; only where there are several. */
  readonly singleUri?: string;
  /** What a fail point, or an open transaction, may be on. */
  readonly nodes: readonly RealServer[];
}

/**
 * In the order in which they are preferred. A replica set has all that a test may use, behind a single server or a router some
 * of it would go unused; with authentication everything takes longer.
 */
export const deploymentKinds = ['replica-set', 'standalone', 'sharded', 'load-balanced', 'replica-set-auth', 'standalone-auth'] as const;

export type DeploymentKind = (typeof deploymentKinds)[number];

/** What is known of each kind before it is started. */
export const kindTraits: Readonly<Record<DeploymentKind, Pick<ServerTraits, 'topology' | 'auth'>>> = {
  'replica-set': { topology: 'replicaset' },
  standalone: { topology: 'single' },
  sharded: { topology: 'sharded' },
  'load-balanced': { topology: 'load-balanced' },
  'replica-set-auth': { topology: 'replicaset', auth: true },
  'standalone-auth': { topology: 'single', auth: true },
};

/** There is no such server on this machine: what needs it is skipped, and the message says why. */
export class ServerUnavailable extends Error {}

/** Starts one. Rejects with {@link ServerUnavailable} where it is not to be had. */
export async function startDeployment(kind: DeploymentKind): Promise<Deployment> {
  const missing = process.env['FERROPOOL_NO_MONGOD'];
  // `npm test` has looked for one already.
  if (missing) throw new ServerUnavailable(missing);
  const mongod = await script<MongodScript>('mongod.mjs');
  return start(mongod, kind).catch((error: unknown) => {
    throw error instanceof mongod.MongodUnavailable ? new ServerUnavailable(error.message) : error;
  });
}

function start(mongod: MongodScript, kind: DeploymentKind): Promise<Deployment> {
  const { topology, auth = false } = kindTraits[kind];
  switch (topology) {
    case 'sharded':
    case 'load-balanced':
      return startRouted(mongod, topology);
    case 'replicaset':
      return startReplicaSet(mongod, auth);
    default:
      return startStandalone(mongod, auth);
  }
}

interface StubScript {
  startProxy(options: { to: string; as: 'mongos' | 'load-balancer'; services?: number }): Promise<Server & { readonly uri: string; readonly address: string }>;
}

interface StartOptions {
  readonly auth: boolean;
  readonly nodes?: number;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
}

type StartedServer = RealServer & { readonly uri: string };

interface MongodScript {
  startStandalone(options: StartOptions): Promise<StartedServer>;
  startReplicaSet(options: StartOptions): Promise<StartedSet>;
  readonly MongodUnavailable: new (...args: never[]) => Error;
}

interface StartedSet {
  readonly uri: string;
  readonly members: readonly StartedServer[];
  primary(): Promise<StartedServer>;
  stop(): Promise<void>;
}

const parameters = {
  // Tests of the versioned API ask for it.
  acceptApiVersion2: true,
  // A transaction that a test left open must not hold the next one up for a minute.
  transactionLifetimeLimitSeconds: 3,
};

async function startStandalone(mongod: MongodScript, auth: boolean): Promise<Deployment> {
  const server = await mongod.startStandalone({ auth, parameters });
  // Without `directConnection`: clients find out that it is a single server, as they would elsewhere.
  const uri = server.uri.replace(/directConnection=true&?/, '');
  return { server, uri, nodes: [server], traits: await traitsOf(server, { topology: 'single', auth }) };
}

async function startReplicaSet(mongod: MongodScript, auth: boolean): Promise<Deployment> {
  const set = await mongod.startReplicaSet({ auth, parameters });
  const server = new Primary(set, await set.primary());
  return { server, uri: set.uri, nodes: set.members, traits: await traitsOf(server, { topology: 'replicaset', auth }) };
}

/** A server that looks like a mongos, twice, or like services behind a load balancer: there is no mongos to be had. */
async function startRouted(mongod: MongodScript, topology: 'sharded' | 'load-balanced'): Promise<Deployment> {
  // What routers and balancers need of a server is that it has transactions.
  const set = await mongod.startReplicaSet({ auth: false, nodes: 1, parameters });
  const [server] = set.members as [StartedServer];
  const { startProxy } = await script<StubScript>('stub.mjs');
  const to = `127.0.0.1:${server.port}`;
  const as = topology === 'sharded' ? 'mongos' : 'load-balancer';
  const [one, other] = await Promise.all([startProxy({ to, as }), startProxy({ to, as, services: 2 })]);
  const stop = async () => {
    await Promise.all([one.stop(), other.stop()]);
    await set.stop();
  };
  return {
    server: { port: server.port, command: (...command) => server.command(...command), stop },
    nodes: [server],
    uri: topology === 'sharded' ? `mongodb://${one.address},${other.address}/` : other.uri,
    singleUri: one.uri,
    traits: await traitsOf(server, { topology }),
  };
}

async function traitsOf(server: RealServer, known: Pick<ServerTraits, 'topology' | 'auth'>): Promise<ServerTraits> {
  const { version } = await server.command('admin', { buildInfo: 1 });
  return { ...known, version: String(version), parameters: await server.command('admin', { getParameter: '*' }) };
}

const notWritablePrimary = new Set([10107, 13435, 11602, 189]);

/** The primary of a replica set, which tests make step down. */
class Primary implements RealServer {
  readonly #set: StartedSet;
  #current: StartedServer;

  constructor(set: StartedSet, current: StartedServer) {
    this.#set = set;
    this.#current = current;
  }

  get port(): number {
    return this.#current.port;
  }

  async command(database: string, body: object): Promise<Record<string, unknown>> {
    try {
      return await this.#current.command(database, body);
    } catch (error) {
      if (!notWritablePrimary.has((error as { code?: number }).code ?? 0)) throw error;
      this.#current = await this.#set.primary();
      return this.#current.command(database, body);
    }
  }

  stop(): Promise<void> {
    return this.#set.stop();
  }
}

/** The scripts are not compiled with this program, which runs in the repository's root. */
export async function script<Script>(name: string): Promise<Script> {
  return (await import(pathToFileURL(path.resolve('scripts', name)).href)) as Script;
}
