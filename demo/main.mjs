#!/usr/bin/env node
// `npm start`: a workload, a view of the pool that carries it, a summary.

import { setMaxListeners } from 'node:events';

import { answer, parse } from './arguments.mjs';

const args = process.argv.slice(2);
const instead = answer(args);
if (instead) {
  (instead.code === 0 ? console.log : console.error)(instead.text);
  process.exit(instead.code);
}
const options = parse(args);

// From here on the package is needed, which help and a wrong option are not.
const { MongoClient } = await import('ferropool');
const { lines } = await import('./lines.mjs');
const { Measure } = await import('./measure.mjs');
const { play } = await import('./scenes.mjs');
const { screen } = await import('./screen.mjs');
const { openServer } = await import('./server.mjs');
const { summarize } = await import('./summary.mjs');
const { runCallers } = await import('./workload.mjs');

const over = new AbortController();
// Every caller that pauses listens to it.
setMaxListeners(0, over.signal);
process.once('SIGINT', () => {
  over.abort();
  process.once('SIGINT', () => process.exit(130));
});

const server = await openServer();
try {
  process.exitCode = (await run(server)) ? 0 : 1;
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await server.stop();
}

async function run(server) {
  const client = new MongoClient(server.uri, {
    appName: 'ferropool demo',
    lane: options.lane,
    maxPoolSize: options.pool,
    minPoolSize: Math.min(2, options.pool),
    // Short, so that a quiet second shows the reaper at work.
    maxIdleTimeMS: 400,
    serverSelectionTimeoutMS: 10_000,
  });
  const measure = new Measure(client);
  const started = Date.now();
  await client.connect();

  const view = (process.stdout.isTTY && !options.plain ? screen : lines)({
    ...options,
    measure,
    started,
    out: process.stdout,
    title: `${client.address}, ${server.name}`,
  });
  const pace = { pauseMS: 0 };
  view.start();
  try {
    const scenes = play({ seconds: options.seconds, control: server.control, signal: over.signal }, (scene) => {
      pace.pauseMS = scene.pauseMS;
      view.scene(scene);
    });
    const callers = runCallers({ client, concurrency: options.concurrency, signal: over.signal, pace, measure });
    await scenes;
    over.abort();
    await callers;
  } finally {
    // Also where a scene could not be played: whoever calls stops, and what went wrong is printed below the view.
    over.abort();
    view.stop();
  }

  const seconds = (Date.now() - started) / 1000;
  const closed = await client.close();
  const { text, ok } = summarize({ ...options, measure, server, seconds, closed });
  console.log(text);
  return ok;
}
