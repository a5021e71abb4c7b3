// What the client cannot do yet is no failure: a test that needs it is skipped, and this is the reason. What is wrong with a
// test is one, whatever the test expects.

/** Ends a test, which is then counted as skipped. */
export class Unsupported extends Error {
  /** @param what - for example `operation insertOne of a collection`. */
  constructor(what: string) {
    super(`${what} is not supported yet`);
  }
}

/** The test is not of the format, or an assertion of its own does not hold: nothing that it can expect or ignore. */
export class TestError extends Error {}
