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

/** Refuses what cannot be a collection's name; what else a server refuses is its own affair. */
export function checkCollectionName(name: string): void {
  if (typeof name !== 'string' || name === '' || name.includes('\0')) {
    throw new MongoInvalidArgumentError(
      `A collection's name must be a string that is not empty and contains no \\0, received ${typeof name === 'string' ? JSON.stringify(name) : String(name)}`,
    );
  }
}
