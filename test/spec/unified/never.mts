// What this package will never do. A test that needs one of these is skipped, and this is why; nothing else is left out on
// purpose.

/** The reasons by what a test asks for: a kind of entity, a client's field or option, an operation, a part of a test, a requirement. */
export const neverSupported: Readonly<Record<string, string>> = {
  bucket: 'GridFS is not part of this package',
  clientEncryption: 'client-side encryption is not part of this package',
  autoEncryptOpts: 'client-side encryption is not part of this package',
  csfle: 'client-side encryption is not part of this package',
  mapReduce: 'map-reduce is deprecated by the server; aggregations replace it',
  listDatabaseObjects: 'databases are listed as documents, not as objects',
  listCollectionObjects: 'collections are listed as documents, not as objects',
  observeTracingMessages: 'OpenTelemetry spans are not part of this package',
  expectTracingMessages: 'OpenTelemetry spans are not part of this package',
  waitQueueSize: 'a deprecated option, which the pool does not have',
  waitQueueMultiple: 'a deprecated option, which the pool does not have',
  serverless: 'Atlas Serverless is no server that can be started here',
};

/** Ends a test that needs what will never be supported. */
export class OutOfScope extends Error {
  /** @param what - a key of {@link neverSupported}. */
  constructor(what: string) {
    super(`${what}: ${neverSupported[what]}`);
  }
}

/** Refuses what will never be supported. */
export function refuseNever(what: string): void {
  if (Object.hasOwn(neverSupported, what)) throw new OutOfScope(what);
}
