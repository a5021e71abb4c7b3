// The tasks of the drivers' benchmarking specification that need neither GridFS nor a client's `bulkWrite`: their names, what they
// score, and what a client does. Both clients have the same API here.

const small = { data: 'small', copies: 10_000, bytes: 275 * 10_000 };
const large = { data: 'large', copies: 10, bytes: 2_731_089 * 10 };

/**
 * `bytes` is the data set's size by the specification. `setup` runs once, `before` and `run` in each iteration, `run` alone is timed.
 *
 * @type {{ name: string, bytes: number, composites: string[], setup?: Function, before?: Function, run: Function }[]}
 */
export const tasks = [
  {
    name: 'run command',
    bytes: 130_000,
    composites: [],
    run: ({ db }) => repeat(10_000, () => db.command({ hello: true })),
  },
  {
    name: 'find one by _id',
    bytes: 16_220_000,
    composites: ['SingleBench', 'ReadBench'],
    setup: (context) => fill(context, (tweet, number) => ({ _id: number + 1, ...tweet })),
    run: ({ corpus }) => repeat(10_000, (number) => corpus.findOne({ _id: number + 1 })),
  },
  insertOne('small doc insertOne', small),
  insertOne('large doc insertOne', large),
  {
    name: 'find many and empty the cursor',
    bytes: 16_220_000,
    composites: ['MultiBench', 'ReadBench'],
    setup: (context) => fill(context, (tweet) => ({ ...tweet })),
    run: async ({ corpus }) => {
      let count = 0;
      for await (const document of corpus.find({})) if (document) count += 1;
      if (count !== 10_000) throw new Error(`${count} documents were found`);
    },
  },
  insertMany('small doc bulk insert', small),
  insertMany('large doc bulk insert', large),
  bulkWrite('small doc bulkWrite insert', small, (document) => [{ insertOne: { document } }]),
  bulkWrite('large doc bulkWrite insert', large, (document) => [{ insertOne: { document } }]),
  bulkWrite('small doc bulkWrite mixed', { ...small, bytes: 2 * small.bytes }, (document) => [
    { insertOne: { document } },
    { replaceOne: { filter: {}, replacement: { ...document } } },
    { deleteOne: { filter: {} } },
  ]),
];

function insertOne(name, set) {
  return write(name, set, 'SingleBench', copies, async ({ corpus }, documents) => {
    for (const document of documents) await corpus.insertOne(document);
  });
}

function insertMany(name, set) {
  return write(name, set, 'MultiBench', copies, ({ corpus }, documents) => corpus.insertMany(documents, { ordered: true }));
}

function bulkWrite(name, set, modelsOf) {
  return write(
    name,
    set,
    'MultiBench',
    (document, count) => copies(document, count).flatMap(modelsOf),
    ({ corpus }, models) => corpus.bulkWrite(models, { ordered: true }),
  );
}

/** Made anew before each iteration, without an `_id`, which the client appends to the object that it is given. */
function write(name, { data, copies: count, bytes }, composite, make, run) {
  return {
    name,
    bytes,
    composites: [composite, 'WriteBench'],
    before: async (context) => {
      await empty(context);
      context.given = make(context.data[data], count);
    },
    run: (context) => run(context, context.given),
  };
}

function copies(document, count) {
  return Array.from({ length: count }, () => ({ ...document }));
}

async function empty({ db, corpus }) {
  await corpus.drop();
  await db.createCollection(corpus.collectionName);
}

async function fill(context, make) {
  await empty(context);
  await context.corpus.insertMany(Array.from({ length: 10_000 }, (_, number) => make(context.data.tweet, number)));
}

async function repeat(count, operation) {
  for (let number = 0; number < count; number += 1) await operation(number);
}
