import type { ReadPreferenceFields } from '../execution';
import { toError, type Failure } from '../errors';
import { ejson } from './ejson';
import { failureOf, serverAt, type LogContext, type Messages } from './fields';

/** A step of a selection as the core writes it: `crates/node/src/selection_events.rs`. Not public. */
export interface SelectionRecord {
  readonly name: keyof SelectionEvents;
  readonly time: Date;
  readonly selector: ReadPreferenceFields;
  readonly operation: string;
  /** As the core describes topologies. */
  readonly topologyDescription: object;
  /** The server that was selected. */
  readonly address: string;
  readonly failure: Failure;
  readonly remainingTimeMS: number;
}

export type SelectionEvents = {
  serverSelectionStarted(record: SelectionRecord): void;
  serverSelectionSucceeded(record: SelectionRecord): void;
  serverSelectionFailed(record: SelectionRecord): void;
  waitingForSuitableServer(record: SelectionRecord): void;
};

/** "Server Selection", "Logging". */
export const selectionMessages: Messages<SelectionEvents> = {
  serverSelectionStarted: (record, context) => ({ message: 'Server selection started', ...common(record, context) }),
  serverSelectionSucceeded: (record, context) => ({
    message: 'Server selection succeeded',
    ...common(record, context),
    ...serverAt(record.address),
  }),
  serverSelectionFailed: (record, context) => {
    // The topology is in the message already.
    const { details: _, ...failure } = failureOf(toError(record.failure), context);
    return { message: 'Server selection failed', ...common(record, context), failure };
  },
  waitingForSuitableServer: (record, context) => ({
    message: 'Waiting for suitable server to become available',
    ...common(record, context),
    remainingTimeMS: record.remainingTimeMS,
  }),
};

function common({ selector, operation, topologyDescription }: SelectionRecord, { most }: LogContext) {
  return { selector: ejson(selector, most), operation, topologyDescription: ejson(topologyDescription, most) };
}
