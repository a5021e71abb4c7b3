import type { Document } from 'bson';

/** Placeholder of the skeleton: replaced by the lead. */
export abstract class ClientSession {
  abstract readonly id: Document;
  abstract readonly hasEnded: boolean;
  abstract inTransaction(): boolean;
  abstract endSession(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void> {
    return this.endSession();
  }
}
