// The servers that tests run against. Each is started when the first test asks for it, and serves all of them.

import { deploymentKinds, kindTraits, script, ServerUnavailable, startDeployment, type Deployment, type DeploymentKind, type RealServer, type Server } from './deployments.mjs';
import { unmetByAll, type Requirement } from './requirements.mjs';

export { ServerUnavailable, type Deployment, type RealServer, type Server } from './deployments.mjs';

interface StubScript {
  startStub(): Promise<Server>;
}

export class Servers {
  readonly #deployments = new Map<DeploymentKind, Promise<Deployment>>();
  #stub: Promise<Server> | undefined;

  /** Where the behaviour of a connection is irrelevant beyond its being established. */
  stub(): Promise<Server> {
    this.#stub ??= script<StubScript>('stub.mjs').then(({ startStub }) => startStub());
    return this.#stub;
  }

  /** Servers with fail points. Rejects with {@link ServerUnavailable} where there are none to be had. */
  deployment(kind: DeploymentKind): Promise<Deployment> {
    let started = this.#deployments.get(kind);
    if (!started) this.#deployments.set(kind, (started = startDeployment(kind)));
    return started;
  }

  /** The preferred one of the deployments that meet all of these lists of requirements, or why there is none. */
  async choose(lists: readonly (readonly Requirement[] | undefined)[]): Promise<DeploymentKind | { readonly unmet: string }> {
    try {
      // One program serves all of them, with the same parameters.
      const { version, parameters = {} } = (await this.deployment('standalone')).traits;
      const traits = (kind: DeploymentKind) => ({ version, parameters, ...kindTraits[kind] });
      const met = deploymentKinds.filter((kind) => unmetByAll(lists, [traits(kind)]) === undefined);
      if (met.length === 0) return { unmet: unmetByAll(lists, deploymentKinds.map(traits)) as string };
      return await this.#firstAvailable(met);
    } catch (error) {
      if (error instanceof ServerUnavailable) return { unmet: error.message };
      throw error;
    }
  }

  async #firstAvailable(kinds: readonly DeploymentKind[]): Promise<DeploymentKind> {
    let unavailable: unknown;
    for (const kind of kinds) {
      try {
        await this.deployment(kind);
        return kind;
      } catch (error) {
        if (!(error instanceof ServerUnavailable)) throw error;
        unavailable = error;
      }
    }
    throw unavailable;
  }

  async stop(): Promise<void> {
    // A server that did not start has said so to the tests that wanted it.
    const started = await Promise.allSettled([this.#stub, ...[...this.#deployments.values()].map((each) => each.then(({ server }) => server))]);
    await Promise.all(started.map((each) => (each.status === 'fulfilled' ? each.value?.stop() : undefined)));
  }
}

/** A `configureFailPoint` command. */
export interface FailPoint {
  readonly configureFailPoint: string;
  readonly data?: { readonly appName?: string };
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
    // A secondary is asked, too.
    const reply = await server.command('admin', { aggregate: 1, pipeline, cursor: {}, $readPreference: { mode: 'secondaryPreferred' } });
    const { firstBatch } = reply['cursor'] as { firstBatch: { opid: number }[] };
    for (const { opid } of firstBatch) await server.command('admin', { killOp: 1, op: opid });
  }
}
