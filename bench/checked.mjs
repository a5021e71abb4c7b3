// Workloads as operations that are asked for something, and whose result is looked at.

import { account } from './documents.mjs';

/**
 * An operation of the workload, of those that a contender has; `undefined` if it has it not.
 *
 * @param {string} workload
 * @param {Record<string, any>} operations
 * @param {number} [fixedId] the one document that there is to be found
 */
export function checked(workload, operations, fixedId) {
  const { ping, findOne, find100, find100Mixed, insertOne, insertMany, updateOne, held } = operations;
  const nextId = fixedId === undefined ? ids() : () => fixedId;
  const find = async () => {
    const id = nextId();
    const document = await findOne(id);
    if (document._id !== id) throw new Error(`asked for ${id}, received ${document._id}`);
  };
  const insert = async () => {
    if (!(await insertOne(account(7)))) throw new Error('a document was not inserted');
  };
  const update = async () => {
    const matched = await updateOne(nextId(), performance.now());
    if (matched !== 1) throw new Error(`an update matched ${matched} documents`);
  };
  switch (workload) {
    case 'ping':
      return async () => {
        const reply = await ping();
        if (reply.ok !== 1) throw new Error('a ping failed');
      };
    case 'find-one':
      return find;
    case 'find-100':
      return hundred(find100, (document) => document._id);
    case 'find-100-mixed':
      return hundred(find100Mixed, (document) => document.number);
    case 'insert-one':
      return insert;
    case 'insert-many':
      return async () => {
        const count = await insertMany(Array.from({ length: 100 }, (_, number) => account(number)));
        if (count !== 100) throw new Error(`${count} of 100 documents were inserted`);
      };
    case 'mixed': {
      // Of ten operations one is an insert, one an update.
      const turns = [insert, find, find, find, find, update, find, find, find, find];
      let turn = 0;
      return () => turns[(turn = (turn + 1) % turns.length)]();
    }
    case 'check-out-wait':
      return held && waits(held);
    default:
      throw new Error(`unknown workload ${workload}`);
  }
}

function hundred(find, numberOf) {
  return async () => {
    const documents = await find();
    if (documents.length !== 100 || numberOf(documents[99]) !== 99) throw new Error('not the documents that were asked for');
  };
}

/** A connection is used for one ping; what counts is the time until it was there. */
function waits(held) {
  return async () => {
    const since = performance.now();
    const { ping, checkIn } = await held();
    const waited = performance.now() - since;
    await ping();
    checkIn();
    return waited;
  };
}

/** Of 10,000, in an order that is the same for everybody. */
function ids() {
  let last = 0;
  return () => {
    last = (Math.imul(last, 1_103_515_245) + 12_345) >>> 0;
    return (last >>> 8) % 10_000;
  };
}
