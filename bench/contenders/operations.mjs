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

/** Listens to everything that a pool and its commands tell; gives how often something was heard. */
export function listen(client) {
  const heard = Object.fromEntries([...poolEvents, ...commandEvents].map((name) => [name, 0]));
  for (const name of Object.keys(heard)) client.on(name, () => (heard[name] += 1));
  return heard;
}
