// What a server says of the connections that a client claims to have.

import { setTimeout as sleep } from 'node:timers/promises';

import { MongoClient } from 'mongodb';

const patienceMS = 30_000;

/** Asks the deployment about clients by their `appName`. */
export async function audit({ uri, isStub, requiresUsers = false }) {
  // The stub neither counts nor delays those who ask by this name.
  const watcher = new MongoClient(uri, { appName: isStub ? 'stub-control' : 'bench watcher', monitorCommands: false });
  const admin = watcher.db('admin');

  const connectionsOf = async (name) => {
    if (isStub) return (await admin.command({ stubStatus: 1 })).connectionsByAppName[name] ?? 0;
    // Monitors do not authenticate, so where users are required they are not among them.
    const users = requiresUsers ? { 'effectiveUsers.0': { $exists: true } } : {};
    const pipeline = [
      { $currentOp: { allUsers: true, idleConnections: true } },
      { $match: { appName: name, ...users } },
      { $count: 'connections' },
    ];
    const [found] = await admin.aggregate(pipeline).toArray();
    return found?.connections ?? 0;
  };
  const authentications = async () => {
    if (!requiresUsers) return 0;
    const { security } = await admin.command({ serverStatus: 1 });
    return security.authentication.mechanisms['SCRAM-SHA-256'].authenticate.successful;
  };
  return {
    authentications,
    /**
     * The server has as many connections of the client as it counted, and where users are required that many more exchanges of
     * SCRAM-SHA-256 behind it. That they are encrypted where they have to be, the server sees to: it takes no others.
     */
    verify: async (name, claimed, authenticationsBefore) => {
      const counted = await connectionsOf(name);
      const proven = requiresUsers ? (await authentications()) - authenticationsBefore : claimed;
      if (counted < claimed || proven < claimed) {
        throw new Error(`${name} counts ${claimed} connections; the server has ${counted}, ${proven} by SCRAM-SHA-256`);
      }
    },
    /** Waits until the server has noticed that a client's connections are closed. */
    gone: async (name) => {
      for (const deadline = performance.now() + patienceMS; (await connectionsOf(name)) > 0; await sleep(20)) {
        if (performance.now() > deadline) throw new Error(`${name} has closed its client, and the server still has its connections`);
      }
    },
    close: () => watcher.close(),
  };
}
