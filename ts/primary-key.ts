import { ObjectId, type Document } from 'bson';

/** Makes the `_id` of documents that have none. */
export interface PkFactory {
  // The user's own type of keys.
  // oxlint-disable-next-line typescript/no-explicit-any
  createPk(): any;
}

/** Who gives inserted documents their `_id`. */
export interface PrimaryKeyOptions {
  /** Whether the server does. @defaultValue false */
  forceServerObjectId?: boolean;
  /** Makes them here. @defaultValue ObjectIds */
  pkFactory?: PkFactory;
}

export const OBJECT_IDS: PkFactory = { createPk: () => new ObjectId() };

/** Gives a document an `_id`, unless it has one: `null` is one. The document itself gets it: that is how its owner learns of it. */
export function addId(document: Document, { forceServerObjectId = false, pkFactory = OBJECT_IDS }: PrimaryKeyOptions): void {
  if (!forceServerObjectId && document['_id'] === undefined) document['_id'] = pkFactory.createPk() as unknown;
}
