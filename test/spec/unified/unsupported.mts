// What the client cannot do yet is no failure: a test that needs it is skipped, and this is the reason.

/** Ends a test, which is then counted as skipped. */
export class Unsupported extends Error {
  /** @param what - for example `operation insertOne of a collection`. */
  constructor(what: string) {
    super(`${what} is not supported yet`);
  }
}
