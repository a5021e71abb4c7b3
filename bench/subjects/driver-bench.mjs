// One client's part in the drivers' benchmark.

import { readData } from '../driver-bench/data.mjs';
import { tasks } from '../driver-bench/tasks.mjs';
import { cpuOf } from '../servers.mjs';

/**
 * The jobs: `{ uri, data, serverPid }` connects; `{ setup: TASK }` prepares one; `{ milliseconds }` answers with its iterations
 * until so much time was spent in them; `{ close: true }` ends.
 */
export function subject(_open, name) {
  let client;
  let context;
  let task;
  let serverPid;
  return async (job) => {
    if (job.uri) {
      const { MongoClient } = await import(name);
      client = new MongoClient(job.uri);
      await client.connect();
      // Each has a database of its own: they take turns.
      const db = client.db(`perftest_${name}`);
      context = { db, corpus: db.collection('corpus'), data: readData(job.data) };
      serverPid = job.serverPid;
    } else if (job.setup) {
      task = tasks.find((each) => each.name === job.setup);
      await context.db.dropDatabase();
      await task.setup?.(context);
    } else if (job.milliseconds !== undefined) {
      return { iterations: await iterate(job.milliseconds) };
    } else {
      await context.db.dropDatabase();
      await client.close();
    }
    return {};
  };

  async function iterate(milliseconds) {
    const iterations = [];
    for (let spent = 0; spent < milliseconds; ) {
      await task.before?.(context);
      const [cpu, server, begin] = [process.cpuUsage(), cpuOf(serverPid), performance.now()];
      await task.run(context);
      const elapsedMS = performance.now() - begin;
      const { user, system } = process.cpuUsage(cpu);
      iterations.push({ elapsedMS, cpuMS: (user + system) / 1000, serverCpuMS: cpuOf(serverPid) - server });
      spent += elapsedMS;
    }
    return iterations;
  }
}
