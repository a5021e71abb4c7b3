// A forked process with a client of its own: it works once, and ends in order when it is told to.

import { once } from 'node:events';
import process from 'node:process';

import { MongoClient } from 'ferropool';

const client = new MongoClient(process.env.URI, { lane: process.env.LANE, appName: 'child' });
const { echo } = await client.db('t').command({ echo: 'child' });
process.send(echo);
await once(process, 'message');
await client.close();
process.disconnect();
