// "Session Operations".

import type { OperationSpec } from './file.mjs';
import { args, callingAll, required, target, type Operations } from './operation.mjs';
import { optionsOf } from './options.mjs';
import { Unsupported } from './unsupported.mjs';

const transactionOptions = ['readConcern', 'readPreference', 'writeConcern', 'maxCommitTimeMS', 'timeoutMS'];

export const sessionOperations: Operations = {
  ...callingAll('session', {
    abortTransaction: { options: ['timeoutMS'] },
    commitTransaction: { options: ['timeoutMS'] },
    endSession: {},
    startTransaction: { options: transactionOptions },
  }),

  getSnapshotTime: async ({ entities }, object, given) => {
    args(given, 'getSnapshotTime', []);
    const { session } = entities.get('session', object);
    if (!('snapshotTime' in session)) throw new Unsupported('snapshotTime of a session');
    return session.snapshotTime;
  },

  withTransaction: async (run, object, given) => {
    const { callback: _, ...options } = args(given, 'withTransaction', ['callback', ...transactionOptions]);
    const operations = required<OperationSpec[]>(given, 'withTransaction', 'callback');
    const callback = async () => {
      for (const operation of operations) await run.operateInCallback(operation);
    };
    await target(run, 'session', object).withTransaction(callback, optionsOf(run, options));
  },
};
