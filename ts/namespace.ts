import { MongoInvalidArgumentError } from './errors';

/** A database, or a collection of one. */
export class MongoDBNamespace {
  constructor(
    readonly db: string,
    readonly collection?: string,
  ) {}

  /** Reads `database.collection`; what follows the first dot is the collection's name. */
  static fromString(namespace: string): MongoDBNamespace {
    const dot = namespace.indexOf('.');
    return dot < 0 ? new MongoDBNamespace(namespace) : new MongoDBNamespace(namespace.slice(0, dot), namespace.slice(dot + 1));
  }

  toString(): string {
    return this.collection === undefined ? this.db : `${this.db}.${this.collection}`;
  }
}

/** Refuses what no server takes for a collection's name. */
export function checkCollectionName(name: string): void {
  if (typeof name !== 'string' || name === '') {
    throw new MongoInvalidArgumentError(`A collection's name must be a string that is not empty, received ${typeof name === 'string' ? '""' : String(name)}`);
  }
  if (name.includes('..')) throw refusal(name, 'have an empty component between dots');
  // Those of the server itself have one: `$cmd`, `oplog.$main`.
  if (name.includes('$') && !/^\$cmd|oplog\.\$main/.test(name)) throw refusal(name, 'contain "$"');
  if (/^\.|\.$/.test(name)) throw refusal(name, 'begin or end with a dot');
  if (name.includes('\0')) throw refusal(name, 'contain a null character');
}

function refusal(name: string, what: string): MongoInvalidArgumentError {
  return new MongoInvalidArgumentError(`A collection's name must not ${what}, received ${JSON.stringify(name)}`);
}
