// Sharded clusters are played by two proxies in front of one server: what one of them did, the other one knows.

import type { DeploymentKind } from '../deployments.mjs';

/** The tests for which two routers have to know nothing of each other, by their descriptions. */
const needsTwoServers = new Set([
  'commitTransaction retry fails on new mongos',
  'unpin after transient error within a transaction and commit',
]);

/** Why a test cannot be run on such a deployment. */
export function needsAnotherServer(kind: DeploymentKind, description: string): string | undefined {
  if (kind !== 'sharded' || !needsTwoServers.has(description)) return undefined;
  return 'needs two routers with fail points and transactions of their own; here both lead to one server';
}
