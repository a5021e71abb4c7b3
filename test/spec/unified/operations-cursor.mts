// "Cursor Operations", of change streams and of the cursors of finds and commands, and how these are created.

import type { EntityKind } from './entities.mjs';
import { driver, type Driver } from './driver.mjs';
import { args, Made, target, type Operation, type Operations } from './operation.mjs';
import { optionsOf } from './options.mjs';
import type { Run } from './run.mjs';

export const changeStreamOptions = [
  'batchSize',
  'collation',
  'comment',
  'fullDocument',
  'fullDocumentBeforeChange',
  'maxAwaitTimeMS',
  'rawData',
  'resumeAfter',
  'session',
  'showExpandedEvents',
  'startAfter',
  'startAtOperationTime',
  'timeoutMS',
];

/** The operation that opens a change stream on a kind of object. */
export function createChangeStream(kind: EntityKind, known: readonly string[]): Operation {
  return async (run, object, given) => {
    const { pipeline, ...options } = args(given, 'createChangeStream', ['pipeline', ...known]);
    const stream = driver(target(run, kind, object).watch(pipeline, optionsOf(run, options)));
    await stream.open();
    return new Made('changeStream', stream);
  };
}

/** A cursor that has sent its command, and still has its first document. */
export async function opened(cursor: object): Promise<Made> {
  const open = driver(cursor);
  await open.hasNext();
  return new Made('cursor', open);
}

export const cursorOperations = operations('cursor');
export const changeStreamOperations = operations('changeStream');

function operations(kind: 'cursor' | 'changeStream'): Operations {
  const entity = ({ entities }: Run, name: string): Driver => entities.get(kind, name);
  return {
    iterateUntilDocumentOrError: async (run, object, given) => {
      args(given, 'iterateUntilDocumentOrError', []);
      return entity(run, object).next();
    },

    iterateOnce: async (run, object, given) => {
      args(given, 'iterateOnce', []);
      return entity(run, object).tryNext();
    },

    close: async (run, object, given) => {
      const { timeoutMS } = args(given, 'close', ['timeoutMS']);
      // Only events say whether the server could be told.
      await entity(run, object).close(timeoutMS === undefined ? undefined : { timeoutMS }).catch(() => {});
    },
  };
}
