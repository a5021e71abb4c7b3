// A thread that brings a client to a stage of its life and says so. Then it ends by itself, or waits to be ended.

import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';

import { reach } from './stages.mjs';

const { uri, lane, stage, exits } = workerData;
await reach(stage, { uri, lane, appName: 'worker' });
// A thread's port has no origin to name.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort.postMessage('here');
if (exits) process.exit(0);
setInterval(() => {}, 1000);
