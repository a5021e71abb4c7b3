// "Terminating Open Transactions".

import type { Deployment } from '../deployments.mjs';

/** Interrupted (SERVER-38335) and Unauthorized (SERVER-54216). */
const ignored = new Set<unknown>([11601, 13]);

/** Ends every session on every server, with the transactions that they have open. */
export async function killSessions({ nodes }: Deployment): Promise<void> {
  await Promise.all(
    nodes.map((node) =>
      node.command('admin', { killAllSessions: [] }).catch((error: { code?: unknown }) => {
        if (!ignored.has(error.code)) throw error;
      }),
    ),
  );
}
