// A thread that brings a client to a stage of its life and says so. Then it ends by itself, or waits to be ended.

import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';

import { MongoClient } from 'ferropool';

const { uri, lane, stage, exits } = workerData;
const client = new MongoClient(uri, { lane, appName: 'worker', maxPoolSize: 3 });
const ping = () => client.db('test').command({ ping: 1 });
// Its promises are nobody's business once the thread ends.
const unattended = (promise) => void promise.catch(() => {});

const stages = {
  'before it connects': async () => {},
  'while it connects': async () => unattended(client.connect()),
  idle: () => client.warm({ min: 3 }),
  'with commands in flight': async () => {
    await client.warm({ min: 3 });
    for (let command = 0; command < 8; command += 1) unattended(ping());
  },
  'with a listener and commands in flight': async () => {
    client.on('connectionCheckedOut', () => {}).on('commandSucceeded', () => {});
    await client.warm({ min: 3 });
    for (let command = 0; command < 8; command += 1) unattended(ping());
  },
  'while it closes': async () => {
    await client.checkOut();
    unattended(client.close());
  },
};

await stages[stage]();
// A thread's port has no origin to name.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort.postMessage('here');
if (exits) process.exit(0);
setInterval(() => {}, 1000);
