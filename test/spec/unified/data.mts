// `initialData` and `outcome`, by plain commands on connections that are not the product's.

import { isDeepStrictEqual, inspect } from 'node:util';
import { EJSON } from 'bson';
import type { RealServer } from '../servers.mjs';
import type { CollectionData, Fields } from './file.mjs';
import { isDocument } from './values.mjs';

const namespaceNotFound = 26;
const writeConcern = { w: 'majority' };
/** Far more than any test has in a collection. */
const oneBatch = 10_000;

/** Makes collections what a test begins with. */
export async function prepare(server: RealServer, data: readonly CollectionData[]): Promise<void> {
  for (const { databaseName, collectionName, createOptions, documents } of data) {
    for (const name of [collectionName, `enxcol_.${collectionName}.esc`, `enxcol_.${collectionName}.ecoc`]) {
      await server.command(databaseName, { drop: name, writeConcern }).catch(ignoreMissing);
    }
    if (createOptions || documents.length === 0) {
      await server.command(databaseName, { create: collectionName, ...createOptions, writeConcern });
    }
    if (documents.length > 0) await insert(server, databaseName, { insert: collectionName, documents, writeConcern });
  }
}

async function insert(server: RealServer, databaseName: string, command: Fields): Promise<void> {
  const { writeErrors } = await server.command(databaseName, command);
  if (writeErrors) throw new Error(`the initial data was refused: ${inspect(writeErrors)}`);
}

function ignoreMissing(error: Error & { code?: number }): void {
  if (error.code !== namespaceNotFound) throw error;
}

/** Says which collection does not hold exactly what it should; `undefined` if all do. */
export async function checkOutcome(server: RealServer, data: readonly CollectionData[]): Promise<string | undefined> {
  for (const { databaseName, collectionName, documents } of data) {
    const actual = await read(server, databaseName, collectionName);
    if (!isDeepStrictEqual(documents.map(normalized), actual.map(normalized))) {
      return `${databaseName}.${collectionName} should hold ${inspect(documents, { depth: 5 })}, holds ${inspect(actual, { depth: 5 })}`;
    }
  }
  return undefined;
}

/** All of a collection, by `_id`. */
async function read(server: RealServer, databaseName: string, collectionName: string): Promise<Fields[]> {
  const reply = await server.command(databaseName, {
    find: collectionName,
    sort: { _id: 1 },
    readConcern: { level: 'local' },
    batchSize: oneBatch,
    singleBatch: true,
  });
  const { firstBatch } = reply['cursor'] as { firstBatch: Fields[] };
  if (firstBatch.length === oneBatch) throw new Error(`${databaseName}.${collectionName} holds too much to be read at once`);
  return firstBatch;
}

/** What stands in the keys' order and in the class of a value does not count. */
function normalized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalized);
  if (!isDocument(value)) return typeof value === 'object' && value !== null ? EJSON.stringify(value) : value;
  const entries = Object.entries(value).map(([key, each]) => [key, normalized(each)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
