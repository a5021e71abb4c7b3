// The back end of a small shop, written for the official driver. It says everything that it does, and nothing that is
// different each time: its output is the same with every driver.
//
//   node program.mjs mongodb|ferropool mongodb://…/database

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const [driver, uri] = process.argv.slice(2);
const {
  Decimal128,
  Long,
  MongoBulkWriteError,
  MongoClient,
  MongoError,
  MongoInvalidArgumentError,
  MongoServerError,
  MongoTransactionError,
  ObjectId,
  ReadPreference,
  ReturnDocument,
} = await import(driver);

const client = new MongoClient(uri, { appName: 'shop', maxPoolSize: 8, monitorCommands: true, ignoreUndefined: true });
const shop = client.db();
const products = shop.collection('products');
const orders = shop.collection('orders', { writeConcern: { w: 'majority' } });
const audit = shop.collection('audit');

/** A line of the output. Ids, times and what names a server are only said to be there. */
function say(what, value) {
  const text = JSON.stringify(value, (_key, part) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (part instanceof Map) return Object.fromEntries(part);
    return part;
  });
  console.log(`${what}: ${text?.replaceAll(/"[0-9a-f]{24}"/g, '<id>').replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '<time>')}`);
}

/** What a caller can tell of the error that something ends in. */
async function failing(what, act, expected = MongoError) {
  try {
    await act();
    say(what, 'nothing failed');
  } catch (error) {
    if (!(error instanceof MongoError)) throw error;
    const { name, code, codeName, message } = error;
    // Codes of the drivers' own have names of their own.
    const number = typeof code === 'number' ? { code, codeName } : {};
    const text = error instanceof MongoServerError ? { message: message.replaceAll(/ObjectId\('[^']+'\)/g, '<id>') } : {};
    say(what, { name, ...number, ...text, isExpected: error instanceof expected, labels: [...error.errorLabels] });
  }
}

const commands = [];
const checkOuts = { started: 0, ended: 0 };
client.on('commandStarted', ({ commandName, databaseName }) => {
  if (databaseName === shop.databaseName) commands.push(commandName);
});
client.on('commandFailed', ({ commandName, failure }) => commands.push(`${commandName} failed with ${failure.code}`));
client.on('connectionCheckOutStarted', () => (checkOuts.started += 1));
client.on('connectionCheckedOut', () => (checkOuts.ended += 1));
client.on('connectionCheckOutFailed', () => (checkOuts.ended += 1));
const [opened, heartbeat] = [once(client, 'open'), once(client, 'serverHeartbeatSucceeded')];

async function setUp() {
  assert.equal(await client.connect(), client);
  assert.deepEqual(await opened, [client]);
  const [{ reply }] = await heartbeat;
  say('a primary is there', Boolean(reply.setName));
  await shop.dropDatabase();
  await shop.createCollection('orders', {
    validator: { $jsonSchema: { required: ['customer', 'lines'], properties: { customer: { bsonType: 'string' } } } },
  });
  await shop.createCollection('audit', { capped: true, size: 4096, max: 3 });
  await failing('a collection cannot be created twice', () => shop.createCollection('orders'), MongoServerError);
  say('index of names', await products.createIndex({ name: 1 }, { unique: true }));
  say(
    'indexes of orders',
    await orders.createIndexes([
      { key: { customer: 1, placed: -1 }, name: 'by_customer' },
      { key: { state: 1 }, partialFilterExpression: { state: 'open' } },
      { key: { expires: 1 }, expireAfterSeconds: 3600 },
    ]),
  );
  say('indexes are there', await orders.indexExists(['by_customer', 'state_1']));
  say('indexes', await orders.indexes());
  say('index information', await products.indexInformation());
  await orders.dropIndex('expires_1');
  say('indexes left', (await orders.listIndexes().toArray()).map(({ name }) => name));
  const collections = await shop.listCollections({}, { nameOnly: true }).toArray();
  say('collections', collections.map(({ name }) => name).toSorted());
  say('a capped one', await audit.isCapped());
  say('its options', await audit.options());
}

async function stockUp() {
  const kinds = ['lamp', 'chair', 'table', 'shelf'];
  const many = Array.from({ length: 250 }, (_, n) => ({
    _id: n,
    name: `${kinds[n % 4]} ${n}`,
    kind: kinds[n % 4],
    price: Decimal128.fromString(`${n}.50`),
    stock: n % 10,
    sold: Long.fromNumber(0),
    note: undefined,
  }));
  const { acknowledged, insertedCount, insertedIds } = await products.insertMany(many);
  say('inserted', { acknowledged, insertedCount, last: insertedIds[249] });
  say('one more', await products.insertOne({ name: 'vase', kind: 'vase', stock: 1 }));
  const result = await products.bulkWrite(
    [
      { insertOne: { document: { _id: 'rug', name: 'rug', kind: 'rug', stock: 3 } } },
      { updateOne: { filter: { _id: 1 }, update: { $inc: { stock: 5 } } } },
      { updateMany: { filter: { kind: 'lamp' }, update: { $set: { bright: true } } } },
      { updateOne: { filter: { _id: 'mat' }, update: { $set: { name: 'mat', kind: 'rug' } }, upsert: true } },
      { replaceOne: { filter: { _id: 2 }, replacement: { name: 'table two', kind: 'table', stock: 7 } } },
      { deleteOne: { filter: { _id: 3 } } },
      { deleteMany: { filter: { _id: { $gte: 245 } } } },
    ],
    { ordered: true },
  );
  const { matchedCount, modifiedCount, deletedCount, upsertedCount, upsertedIds } = result;
  say('bulk', { inserted: result.insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount, upsertedIds, ok: result.isOk() });
  const bulk = products.initializeUnorderedBulkOp();
  bulk.insert({ _id: 'pot', name: 'pot', stock: 0 });
  bulk.find({ _id: 'rug' }).updateOne({ $inc: { stock: 1 } });
  bulk.find({ _id: 'fork' }).upsert().replaceOne({ name: 'fork' });
  say('bulk by hand', (await bulk.execute()).upsertedCount);
  try {
    await products.insertMany([{ _id: 'a', name: 'rug' }, { _id: 'b', name: 'b' }, { _id: 1, name: 'c' }], { ordered: false });
  } catch (error) {
    assert(error instanceof MongoBulkWriteError && error instanceof MongoServerError);
    const failures = [error.writeErrors].flat().map(({ code, index }) => ({ code, index }));
    say('two were refused', { code: error.code, inserted: error.insertedCount, failures });
  }
}

async function browse() {
  const lamps = products.find({ kind: 'lamp' }).sort({ _id: -1 }).skip(2).limit(5).project({ name: 1, price: 1 });
  say('lamps', await lamps.toArray());
  const cursor = products.find({}, { batchSize: 100, sort: { _id: 1 } });
  say('first', await cursor.next());
  say('there is more', await cursor.hasNext());
  let count = 1;
  for await (const product of cursor) if (product) count += 1;
  say('read', { count, closed: cursor.closed, left: cursor.bufferedCount() });
  const names = [];
  await products.find({ stock: { $gt: 8 } }, { limit: 4, sort: 'name' }).map(({ name }) => name.toUpperCase()).forEach((name) => {
    names.push(name);
    return names.length < 3;
  });
  say('names', names);
  let streamed = 0;
  const sink = new Writable({ objectMode: true, write: (_product, _encoding, done) => done(void (streamed += 1)) });
  await pipeline(products.find({ kind: 'chair' }, { batchSize: 10 }).stream(), sink);
  say('streamed', streamed);
  const left = products.find().batchSize(2);
  await left.next();
  await left.close();
  say('closed early', [left.closed, left.killed]);
  const copy = lamps.clone();
  say('a clone', (await copy.next())?.name);
  copy.rewind();
  say('once more', (await copy.next())?.name);
  await copy.close();
  say('counts', [await products.countDocuments({ kind: 'lamp' }), await products.estimatedDocumentCount()]);
  say('kinds', (await products.distinct('kind')).toSorted());
  say('nobody', await products.findOne({ _id: 'nobody' }));
  say('types', Object.values((await products.findOne({ _id: 10 })) ?? {}).map((value) => value?.constructor.name));
  say('raised', (await products.findOne({ _id: 10 }, { promoteLongs: false }))?.sold instanceof Long);
  const plan = await products.find({ name: 'rug' }).explain('queryPlanner');
  say('plan', plan.queryPlanner.winningPlan.inputStage?.stage);
  const stages = [
    { $match: { stock: { $gt: 0 } } },
    { $group: { _id: '$kind', stock: { $sum: '$stock' }, dearest: { $max: '$price' } } },
    { $sort: { stock: -1, _id: 1 } },
  ];
  say('stock', await products.aggregate(stages, { allowDiskUse: true }).toArray());
  say('built', await products.aggregate().match({ kind: 'lamp' }).group({ _id: null, n: { $sum: 1 } }).next());
  await products.aggregate([{ $match: { kind: 'rug' } }, { $out: 'rugs' }]).toArray();
  say('written', await shop.collection('rugs').countDocuments());
  await audit.insertMany([1, 2, 3, 4].map((n) => ({ n })));
  const tail = audit.find({}, { tailable: true, awaitData: true, maxAwaitTimeMS: 50 });
  say('tail', [(await tail.next()).n, (await tail.next()).n, (await tail.next()).n, await tail.tryNext()]);
  await tail.close();
  const hidden = products.find({}).withReadPreference(ReadPreference.PRIMARY_PREFERRED).maxTimeMS(5000).comment('browsing').hint('_id_');
  say('fields', Object.keys((await hidden.next()) ?? {}));
  await hidden.close();
}

async function sell() {
  const returned = { returnDocument: ReturnDocument.AFTER, projection: { stock: 1 } };
  say('reserved', await products.findOneAndUpdate({ _id: 5, stock: { $gt: 0 } }, { $inc: { stock: -1 } }, returned));
  say('before', await products.findOneAndUpdate({ _id: 5 }, { $set: { seen: true } }, { projection: { stock: 1, seen: 1 } }));
  say('none', await products.findOneAndUpdate({ _id: 'none' }, { $inc: { stock: 1 } }));
  const made = await products.findOneAndUpdate({ _id: 'cup' }, { $set: { name: 'cup' } }, { upsert: true, includeResultMetadata: true });
  say('with metadata', { value: made.value, last: made.lastErrorObject });
  say('replaced', await products.findOneAndReplace({ _id: 'cup' }, { name: 'mug' }, { returnDocument: 'after' }));
  say('deleted', await products.findOneAndDelete({ name: 'mug' }));
  say('updated', await products.updateMany({ kind: 'table' }, [{ $set: { label: { $concat: ['$kind', '!'] } } }]));
  say('upserted', await products.updateOne({ _id: 'bin' }, { $setOnInsert: { name: 'bin' } }, { upsert: true }));
  say('in an array', await products.updateOne({ _id: 6 }, { $push: { tags: { $each: ['a', 'b'] } } }));
  say('filtered', await products.updateOne({ _id: 6 }, { $set: { 'tags.$[tag]': 'c' } }, { arrayFilters: [{ tag: 'b' }] }));
  say('tags', (await products.findOne({ _id: 6 }, { projection: { _id: 0, tags: 1 } }))?.tags);
  say('replaced whole', await products.replaceOne({ _id: 7 }, { name: 'stool', kind: 'chair' }));
  say('gone', await products.deleteOne({ _id: 8 }));
  say('collated', await products.countDocuments({ name: 'STOOL' }, { collation: { locale: 'en', strength: 2 } }));
}

async function order(session, customer, product, count) {
  const { modifiedCount } = await products.updateOne({ _id: product, stock: { $gte: count } }, { $inc: { stock: -count } }, { session });
  if (modifiedCount === 0) throw new Error(`${product} is sold out`);
  const { insertedId } = await orders.insertOne({ customer, lines: [{ product, count }], state: 'open', placed: new Date() }, { session });
  return insertedId;
}

async function transact() {
  const session = client.startSession({ defaultTransactionOptions: { writeConcern: { w: 'majority' } } });
  const id = await session.withTransaction(() => order(session, 'ada', 'rug', 2), { readConcern: { level: 'snapshot' } });
  say('ordered', id instanceof ObjectId);
  say('as the transaction left it', [session.inTransaction(), session.transaction.isCommitted]);
  await assert.rejects(session.withTransaction(() => order(session, 'ada', 'rug', 50)), { message: 'rug is sold out' });
  say('stock', (await products.findOne({ _id: 'rug' }))?.stock);
  session.startTransaction();
  await order(session, 'bob', 'rug', 1);
  say('seen inside', await orders.countDocuments({}, { session }));
  say('seen outside', await orders.countDocuments());
  await session.abortTransaction();
  say('after the abort', await orders.countDocuments());
  await failing('commit of what was aborted', () => session.commitTransaction(), MongoTransactionError);
  session.startTransaction();
  await order(session, 'cy', 'rug', 1);
  await failing('a conflict', () => client.withSession(async (other) => {
    other.startTransaction();
    await products.updateOne({ _id: 'rug' }, { $inc: { stock: 1 } }, { session: other });
  }));
  await session.commitTransaction();
  await session.endSession();
  say('ended', session.hasEnded);
  await failing('a session that has ended', () => orders.findOne({}, { session }));
}

async function readWhatWasWritten() {
  await client.withSession({ causalConsistency: true }, async (session) => {
    await orders.updateOne({ customer: 'ada' }, { $set: { state: 'paid' } }, { session });
    const read = { session, readPreference: 'secondaryPreferred', readConcern: { level: 'majority' } };
    say('paid', (await orders.findOne({ customer: 'ada' }, read))?.state);
    say('its times are known', [Boolean(session.operationTime), Boolean(session.clusterTime)]);
  });
}

async function follow() {
  const changes = orders.watch([{ $match: { operationType: { $in: ['insert', 'update', 'delete'] } } }], { fullDocument: 'updateLookup' });
  say('nothing yet', await changes.tryNext());
  const { insertedId } = await orders.insertOne({ customer: 'dee', lines: [], state: 'open' });
  await orders.updateOne({ _id: insertedId }, { $set: { state: 'sent' }, $unset: { lines: '' } }).catch(({ code }) => say('refused', code));
  await orders.updateOne({ _id: insertedId }, { $set: { state: 'sent' } });
  await orders.deleteOne({ _id: insertedId });
  const inserted = await changes.next();
  say('a change', { kind: inserted.operationType, fields: Object.keys(inserted), document: inserted.fullDocument, where: inserted.ns });
  const token = changes.resumeToken;
  say('its token is the resume token', JSON.stringify(token) === JSON.stringify(inserted._id));
  const updated = await changes.next();
  say('another', { kind: updated.operationType, description: updated.updateDescription, now: updated.fullDocument });
  say('more to come', await changes.hasNext());
  await changes.close();
  say('closed', changes.closed);
  const seen = [];
  for await (const { operationType } of orders.watch([], { resumeAfter: token })) {
    seen.push(operationType);
    if (operationType === 'delete') break;
  }
  say('seen after the token', seen);
  const everywhere = shop.watch([], { startAfter: token, maxAwaitTimeMS: 100 });
  const heard = [];
  const done = new Promise((resolve, reject) => {
    everywhere.on('error', reject);
    everywhere.on('change', ({ operationType, ns }) => {
      heard.push(`${ns.coll}: ${operationType}`);
      if (ns.coll === 'products') resolve();
    });
  });
  await products.updateOne({ _id: 'rug' }, { $inc: { stock: 10 } });
  await done;
  const closed = once(everywhere, 'close');
  await everywhere.close();
  await closed;
  say('heard', heard);
  await failing('a stage that no change stream has', () => orders.watch([{ $group: { _id: 1 } }]).next(), MongoServerError);
}

async function fail() {
  await failing('a duplicate', () => products.insertOne({ _id: 'rug', name: 'another rug' }), MongoServerError);
  await products.insertOne({ name: 'vase' }).catch((error) => say('its key', { pattern: error.keyPattern, value: error.keyValue }));
  await failing('an order of nobody', () => orders.insertOne({ lines: [] }), MongoServerError);
  await orders.insertOne({ customer: 1 }).catch(({ errInfo }) => say('why', Object.keys(errInfo.details)));
  await failing('an operator that there is not', () => products.updateOne({}, { $grow: 1 }), MongoServerError);
  await failing('a filter that is none', () => products.find({ $near: 1 }).toArray(), MongoServerError);
  await failing('an update that is a replacement', () => products.updateOne({}, { stock: 1 }), MongoInvalidArgumentError);
  await failing('a replacement that is an update', () => products.replaceOne({}, { $set: { stock: 1 } }), MongoInvalidArgumentError);
  await failing('nothing to insert', () => products.insertMany([]), MongoInvalidArgumentError);
  await failing('a command that there is not', () => shop.command({ noSuchCommand: 1 }), MongoServerError);
  await failing('a stage that there is not', () => products.aggregate([{ $noSuchStage: {} }]).next(), MongoServerError);
}

await setUp();
await stockUp();
await browse();
await sell();
await transact();
await readWhatWasWritten();
await fail();
say('commands', commands);
await follow();
say('ping', (await shop.admin().ping()).ok);
say('statistics', (await shop.stats()).collections);
await shop.dropDatabase();
say('every check-out ended', checkOuts.started === checkOuts.ended);
const topologyClosed = once(client, 'topologyClosed');
await client.close();
await topologyClosed;
console.log('closed');
