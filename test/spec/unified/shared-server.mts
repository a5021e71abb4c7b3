// Sharded clusters are played by two proxies in front of one server: what one of them did, the other one knows, and there are
// no shards.

import type { DeploymentKind } from '../deployments.mjs';

const TWO_ROUTERS = 'needs two routers with fail points and transactions of their own; here both lead to one server';
const SHARDS = 'needs collections that can be sharded; here there are no shards';

/** What tests need of a cluster, by their descriptions. */
const needs: ReadonlyMap<string, string> = new Map([
  ['commitTransaction retry fails on new mongos', TWO_ROUTERS],
  ['unpin after transient error within a transaction and commit', TWO_ROUTERS],
  ['when showExpandedEvents is true, shardCollection events are reported', SHARDS],
]);

/** Why a test cannot be run on such a deployment. */
export function needsAnotherServer(kind: DeploymentKind, description: string): string | undefined {
  return kind === 'sharded' ? needs.get(description) : undefined;
}
