// A thread with a client of its own, which it leaves open.

import { parentPort, workerData } from 'node:worker_threads';

import { MongoClient } from '../../dist/index.mjs';

const client = new MongoClient(workerData);
const { echo } = await client.db('t').command({ echo: 'from a thread' });
// A thread's port has no origin to name.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort.postMessage(echo);
