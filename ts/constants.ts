// Values that options and errors have, by the names that the official driver gives them.

export const AuthMechanism = Object.freeze({
  MONGODB_AWS: 'MONGODB-AWS',
  MONGODB_DEFAULT: 'DEFAULT',
  MONGODB_GSSAPI: 'GSSAPI',
  MONGODB_PLAIN: 'PLAIN',
  MONGODB_SCRAM_SHA1: 'SCRAM-SHA-1',
  MONGODB_SCRAM_SHA256: 'SCRAM-SHA-256',
  MONGODB_X509: 'MONGODB-X509',
  MONGODB_OIDC: 'MONGODB-OIDC',
} as const);
export type AuthMechanism = (typeof AuthMechanism)[keyof typeof AuthMechanism];

export const ServerApiVersion = Object.freeze({ v1: '1' } as const);
export type ServerApiVersion = (typeof ServerApiVersion)[keyof typeof ServerApiVersion];

/** What an error may be asked for by `hasErrorLabel`. */
export const MongoErrorLabel = Object.freeze({
  RetryableWriteError: 'RetryableWriteError',
  TransientTransactionError: 'TransientTransactionError',
  UnknownTransactionCommitResult: 'UnknownTransactionCommitResult',
  ResumableChangeStreamError: 'ResumableChangeStreamError',
  PoolRequestedRetry: 'PoolRequestedRetry',
  NoWritesPerformed: 'NoWritesPerformed',
  RetryableError: 'RetryableError',
  SystemOverloadedError: 'SystemOverloadedError',
} as const);
export type MongoErrorLabel = (typeof MongoErrorLabel)[keyof typeof MongoErrorLabel];

/** What a server is to its client ("Server Discovery and Monitoring"). */
export const ServerType = Object.freeze({
  Standalone: 'Standalone',
  Mongos: 'Mongos',
  PossiblePrimary: 'PossiblePrimary',
  RSPrimary: 'RSPrimary',
  RSSecondary: 'RSSecondary',
  RSArbiter: 'RSArbiter',
  RSOther: 'RSOther',
  RSGhost: 'RSGhost',
  LoadBalancer: 'LoadBalancer',
  Unknown: 'Unknown',
} as const);
export type ServerType = (typeof ServerType)[keyof typeof ServerType];

export const TopologyType = Object.freeze({
  Single: 'Single',
  ReplicaSetNoPrimary: 'ReplicaSetNoPrimary',
  ReplicaSetWithPrimary: 'ReplicaSetWithPrimary',
  Sharded: 'Sharded',
  LoadBalanced: 'LoadBalanced',
  Unknown: 'Unknown',
} as const);
export type TopologyType = (typeof TopologyType)[keyof typeof TopologyType];
