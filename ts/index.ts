/**
 * MongoDB connections for high-throughput Node.js services.
 *
 * Start with {@link MongoClient}, or with {@link ConnectionPool} for one address without a topology.
 *
 * @packageDocumentation
 */
export { MongoClient } from './client';
export type {
  AuthMechanismProperties,
  AWSCredentialProvider,
  EstablishOptions,
  MongoClientOptions,
  OIDCCallbackFunction,
  PEM,
  PoolOptions,
  ReadPreferenceMode,
} from './client-options';
export type { LogComponentSeveritiesClientOptions, LogOptions } from './logging/options';
export { MongoLoggableComponent, SeverityLevel } from './logging/severity';
export type { Log, MongoDBLogWritable } from './logging/sink';
export type { MongoCredentials, MongoOptions } from './mongo-options';
export { ConnectionPool, type ConnectionPoolOptions } from './pool';
export { Connection } from './connection';
export { Db } from './db';
export type { DriverInfo } from './driver-info';
export { ClientSession, type ClientSessionOptions } from './session';
export { Transaction, type EndTransactionOptions, type TransactionOptions, type TransactionState } from './session/transaction';
export type { WithTransactionCallback } from './session/with-transaction';
export {
  MongoError,
  MongoCompatibilityError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoOperationTimeoutError,
  MongoRuntimeError,
  MongoTransactionError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoParseError,
  MongoPoolClearedError,
  MongoPoolClosedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWaitQueueTimeoutError,
  type ErrorDetails,
} from './errors';
export { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent, type CommandEvents } from './command-events';
export {
  ConnectionCheckedInEvent,
  ConnectionCheckedOutEvent,
  ConnectionCheckOutFailedEvent,
  ConnectionCheckOutStartedEvent,
  ConnectionClosedEvent,
  ConnectionCreatedEvent,
  ConnectionPoolClearedEvent,
  ConnectionPoolClosedEvent,
  ConnectionPoolCreatedEvent,
  ConnectionPoolMonitoringEvent,
  ConnectionPoolReadyEvent,
  ConnectionReadyEvent,
  type ConnectionPoolEvents,
} from './events';
export {
  ServerClosedEvent,
  ServerDescriptionChangedEvent,
  ServerHeartbeatFailedEvent,
  ServerHeartbeatStartedEvent,
  ServerHeartbeatSucceededEvent,
  ServerOpeningEvent,
  TopologyClosedEvent,
  TopologyDescriptionChangedEvent,
  TopologyOpeningEvent,
  type ServerDescription,
  type ServerType,
  type TopologyDescription,
  type TopologyEvents,
  type TopologyType,
} from './sdam-events';
export type { CheckOutOptions, CloseOptions, CloseResult, CommandOptions, LaneKind, PhaseTimes, PoolStats, WarmOptions } from './options';
