// What operations have in common.

import type { Fields } from './file.mjs';
import type { Run } from './run.mjs';
import { Unsupported } from './unsupported.mjs';

/** Runs on the object of that name; resolves with the result, as a test describes it. */
export type Operation = (run: Run, object: string, given: Fields) => Promise<unknown>;

/** A result that was iterated: each of its documents may have fields that are not expected. */
export class RootDocuments {
  constructor(readonly documents: readonly unknown[]) {}
}

/** The arguments of an operation, which must not have others than those that it heeds. */
export function args(given: Fields, operation: string, known: readonly string[]): Fields {
  const other = Object.keys(given).find((name) => !known.includes(name));
  if (other !== undefined) throw new Unsupported(`argument ${other} of ${operation}`);
  return given;
}
