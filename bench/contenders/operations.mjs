// What this package and the official driver are asked for: the same calls of the same public API.

const poolEvents = [
  'connectionPoolCreated',
  'connectionPoolReady',
  'connectionPoolCleared',
  'connectionPoolClosed',
  'connectionCreated',
  'connectionReady',
  'connectionClosed',
  'connectionCheckOutStarted',
  'connectionCheckOutFailed',
  'connectionCheckedOut',
  'connectionCheckedIn',
];
const commandEvents = ['commandStarted', 'commandSucceeded', 'commandFailed'];

export function operationsOf(db) {
  const [one, many, mixed, inserted, insertedMany] = ['one', 'many', 'mixed', 'inserted', 'inserted-many'].map((name) =>
    db.collection(name),
  );
  return {
    ping: () => db.command({ ping: 1 }),
    findOne: (id) => one.findOne({ _id: id }),
    find100: () => many.find({}, { limit: 100 }).toArray(),
    find100Mixed: () => mixed.find({}, { limit: 100 }).toArray(),
    insertOne: async (document) => (await inserted.insertOne(document)).acknowledged,
    insertMany: async (documents) => (await insertedMany.insertMany(documents)).insertedCount,
    updateOne: async (id, score) => (await one.updateOne({ _id: id }, { $set: { score } })).matchedCount,
  };
}

/**
 * Listens to everything that a pool and its commands tell; gives a function that says how often each was heard. A listener has a
 * counter of its own: to find one of fourteen by name is a tenth of what five events cost.
 */
export function listen(client) {
  const counters = [...poolEvents, ...commandEvents].map((name) => ({ name, times: 0 }));
  for (const counter of counters) client.on(counter.name, () => (counter.times += 1));
  return () => Object.fromEntries(counters.map(({ name, times }) => [name, times]));
}
