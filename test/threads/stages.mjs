// The stages of a client's life: each brings a new client there. Test files end threads and processes at them.

import { MongoClient } from 'ferropool';

export const stages = {
  'before it connects': async () => {},
  'while it connects': async ({ client }) => unattended(client.connect()),
  idle: ({ client }) => client.warm({ min: 3 }),
  'with commands in flight': async ({ client, ping }) => {
    await client.warm({ min: 3 });
    for (let command = 0; command < 8; command += 1) unattended(ping());
  },
  'with a listener and commands in flight': async ({ client, ping }) => {
    client.on('connectionCheckedOut', () => {}).on('commandSucceeded', () => {});
    await client.warm({ min: 3 });
    for (let command = 0; command < 8; command += 1) unattended(ping());
  },
  'while it closes': async ({ client }) => {
    await client.checkOut();
    unattended(client.close());
  },
};

/** Resolves when a new client has reached `stage`. */
export async function reach(stage, { uri, lane, appName }) {
  const client = new MongoClient(uri, { lane, appName, maxPoolSize: 3 });
  await stages[stage]({ client, ping: () => client.db('test').command({ ping: 1 }) });
}

/** Its promises are nobody's business once its thread or process ends. */
function unattended(promise) {
  void promise.catch(() => {});
}
