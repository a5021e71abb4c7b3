#!/usr/bin/env node
// A real mongod for tests and benches.
//
//   node scripts/mongod.mjs path                              its path, fetching it if need be
//   node scripts/mongod.mjs standalone [--auth] [--tls]       one line of JSON, then it runs until standard input ends
//   node scripts/mongod.mjs replica-set [--nodes 3] [--auth] [--tls]
//
// Exit code 69 (EX_UNAVAILABLE): there is none to be had here, and standard error says why.

import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { ensureInstalled } from './install.mjs';
import { findMongod, MongodUnavailable } from './mongod/binary.mjs';
import { startReplicaSet, startStandalone } from './mongod/deployment.mjs';
import { isMain } from './process.mjs';

export { findMongod, MongodUnavailable, startReplicaSet, startStandalone };

const unavailable = 69;

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      auth: { type: 'boolean', default: false },
      tls: { type: 'boolean', default: false },
      nodes: { type: 'string', default: '3' },
    },
  });
  switch (positionals[0]) {
    case 'path':
      console.log(findMongod());
      return;
    case 'standalone':
      return serve(await installed(() => startStandalone(values)));
    case 'replica-set':
      return serve(await installed(() => startReplicaSet({ ...values, nodes: Number(values.nodes) })));
    default:
      console.error('usage: node scripts/mongod.mjs path | standalone | replica-set [--nodes N] [--auth] [--tls]');
      process.exitCode = 64;
  }
}

/** The servers are spoken to in BSON, which is a dependency. */
async function installed(start) {
  await ensureInstalled();
  return start();
}

async function serve(deployment) {
  const members = deployment.members?.map(({ uri, host, port, pid }) => ({ uri, host, port, pid }));
  console.log(JSON.stringify({ ...deployment, ...(members && { members }) }));
  // Whoever started this holds the other end of standard input; when they are gone, so is the server.
  process.stdin.resume();
  await Promise.race([once(process.stdin, 'end'), once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await deployment.stop();
  process.exit();
}

if (isMain(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof MongodUnavailable ? error.message : error);
    process.exitCode = error instanceof MongodUnavailable ? unavailable : 1;
  }
}
