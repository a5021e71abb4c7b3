import { describe, expect, it } from 'vitest';
import { ServerUnavailable, type Deployment, type DeploymentKind } from './deployments.mjs';
import { Servers } from './servers.mjs';

/** Starts nothing: deployments of a kind are what they say they are, or are not to be had. */
class Pretended extends Servers {
  readonly missing: readonly DeploymentKind[];

  constructor(...missing: DeploymentKind[]) {
    super();
    this.missing = missing;
  }

  override async deployment(kind: DeploymentKind): Promise<Deployment> {
    if (this.missing.includes(kind)) throw new ServerUnavailable(`there is no ${kind}`);
    return { traits: { version: '6.0.5', topology: '', parameters: {} } } as Deployment;
  }
}

describe('the deployment of a test', () => {
  it.each<[string, object[] | undefined, string]>([
    ['a replica set where any will do', undefined, 'replica-set'],
    ['a replica set rather than another', [{ topologies: ['single', 'sharded', 'replicaset'] }], 'replica-set'],
    ['the only one that will do', [{ topologies: ['load-balanced'] }], 'load-balanced'],
    ['one with authentication where that is asked for', [{ auth: true }], 'replica-set-auth'],
    ['a single server with it', [{ auth: true, topologies: ['single'] }], 'standalone-auth'],
  ])('is %s', async (_, requirements, kind) => {
    expect(await new Pretended().choose([requirements as never])).toBe(kind);
  });

  it('is the next one where the preferred one is not to be had', async () => {
    expect(await new Pretended('replica-set').choose([undefined])).toBe('standalone');
    expect(await new Pretended('sharded').choose([[{ topologies: ['sharded'] }]])).toEqual({ unmet: 'there is no sharded' });
  });

  it('is none where no server meets the requirements', async () => {
    expect(await new Pretended().choose([[{ topologies: ['sharded'], minServerVersion: '8.0' }]])).toEqual({ unmet: 'needs minServerVersion "8.0", the server is 6.0.5' });
  });
});
