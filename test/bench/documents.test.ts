// The stub's prepared replies have the documents that mongod is loaded with, so a workload is the same on both.

import { serialize, type Document } from 'bson';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { large, mixed, small } from '../../bench/documents.mjs';
import { startStub } from '../../scripts/stub.mjs';

const hundred = (make: (number: number) => Document) => Array.from({ length: 100 }, (_, number) => make(number));

let stub: Awaited<ReturnType<typeof startStub>>;
let client: MongoClient;

beforeAll(async () => {
  stub = await startStub(['--canned']);
  client = new MongoClient(stub.uri);
});

afterAll(async () => {
  await client.close();
  await stub.stop();
});

it.each([
  ['one', [small(7)]],
  ['many', hundred(large)],
  ['mixed', hundred(mixed)],
])('%s', async (name, documents) => {
  const found = await client.db('bench').collection(name).find().toArray();
  expect(found).toEqual(documents);
  // Fields are in the same order, and of the same types.
  expect(serialize({ found })).toEqual(serialize({ found: documents }));
});

it('an insert is taken for as many documents as the bench inserts', async () => {
  const db = client.db('bench');
  const { insertedCount } = await db.collection('inserted-many').insertMany(hundred(() => ({})));
  const { acknowledged } = await db.collection('inserted').insertOne({});
  const { matchedCount } = await db.collection('one').updateOne({}, { $set: { score: 1 } });
  expect({ insertedCount, acknowledged, matchedCount }).toEqual({ insertedCount: 100, acknowledged: true, matchedCount: 1 });
});

it('mixed documents have what their name says', () => {
  const { _id, created, sub, tags, body } = mixed(1);
  const isASCII = [...body].every((character) => character.charCodeAt(0) < 128);
  expect([_id._bsontype, created instanceof Date, typeof sub.geo, Array.isArray(tags), isASCII]).toEqual(['ObjectId', true, 'object', true, false]);
});
