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
} from './client-options';
export { AuthMechanism, MongoErrorLabel, ServerApiVersion, ServerType, TopologyType } from './constants';
export type { LogComponentSeveritiesClientOptions, LogOptions } from './logging/options';
export { MongoLoggableComponent, SeverityLevel } from './logging/severity';
export type { Log, MongoDBLogWritable } from './logging/sink';
export type { MongoCredentials, MongoOptions } from './mongo-options';
export { ConnectionPool, type ConnectionPoolOptions } from './pool';
export { Connection } from './connection';
export { Db, ProfilingLevel, type CreateCollectionOptions, type DbOptions, type DbStatsOptions, type DropCollectionOptions, type DropDatabaseOptions, type RenameOptions } from './db';
export type { RunCommandOptions } from './db/run-command';
export { Admin, type ListDatabasesOptions, type ListDatabasesResult, type ValidateCollectionOptions } from './admin';
export { Collection, type CollectionOptions, type DropIndexesOptions, type SearchIndexDescription } from './collection';
export type * from './collection/types';
export type { CollationOptions, Hint } from './collection/fields';
export type { FindOneOptions, FindOptions } from './collection/find';
export { ReturnDocument, type FindOneAndDeleteOptions, type FindOneAndReplaceOptions, type FindOneAndUpdateOptions, type ModifyResult } from './collection/find-and-modify';
export type { AggregateOptions, AggregationCursorOptions } from './collection/aggregate';
export type { CountDocumentsOptions, CountOptions, DistinctOptions, EstimatedDocumentCountOptions } from './collection/read';
export type {
  DeleteOptions,
  DeleteResult,
  DeleteStatement,
  InsertOneOptions,
  InsertOneResult,
  ReplaceOptions,
  UpdateOptions,
  UpdateResult,
  UpdateStatement,
} from './collection/write';
export { MongoClientBulkWriteError, MongoClientBulkWriteExecutionError } from './client-bulk-write/errors';
export type * from './client-bulk-write/models';
export type {
  ClientBulkWriteError,
  ClientBulkWriteResult,
  ClientDeleteResult,
  ClientInsertOneResult,
  ClientUpdateResult,
} from './client-bulk-write/result';
export type {
  CreateIndexesOptions,
  IndexDescription,
  IndexDescriptionCompact,
  IndexDescriptionInfo,
  IndexDirection,
  IndexInformationOptions,
  IndexSpecification,
} from './collection/indexes';
export { AbstractCursor, type AbstractCursorEvents } from './cursor/abstract-cursor';
export { AggregationCursor } from './cursor/aggregation-cursor';
export { ExplainableCursor } from './cursor/explainable-cursor';
export { ChangeStream, type ChangeStreamEvents } from './change-stream';
export type {
  ChangeStreamCollModDocument,
  ChangeStreamCreateDocument,
  ChangeStreamCreateIndexDocument,
  ChangeStreamDeleteDocument,
  ChangeStreamDocument,
  ChangeStreamDocumentCollectionUUID,
  ChangeStreamDocumentCommon,
  ChangeStreamDocumentKey,
  ChangeStreamDocumentOperationDescription,
  ChangeStreamDocumentWallTime,
  ChangeStreamDropDatabaseDocument,
  ChangeStreamDropDocument,
  ChangeStreamDropIndexDocument,
  ChangeStreamInsertDocument,
  ChangeStreamInvalidateDocument,
  ChangeStreamNameSpace,
  ChangeStreamRefineCollectionShardKeyDocument,
  ChangeStreamRenameDocument,
  ChangeStreamReplaceDocument,
  ChangeStreamReshardCollectionDocument,
  ChangeStreamShardCollectionDocument,
  ChangeStreamSplitEvent,
  ChangeStreamUpdateDocument,
  UpdateDescription,
} from './change-stream/documents';
export { MongoChangeStreamError } from './change-stream/errors';
export type { ChangeStreamOptions, OperationTime, ResumeToken } from './change-stream/options';
export { FindCursor } from './cursor/find-cursor';
export { ListCollectionsCursor, ListIndexesCursor, ListSearchIndexesCursor, type CollectionInfo, type ListCollectionsOptions, type ListIndexesOptions } from './cursor/list-cursors';
export { CURSOR_FLAGS, CursorTimeoutMode, type AbstractCursorOptions, type CursorFlag } from './cursor/options';
export { RunCommandCursor, type RunCursorCommandOptions } from './cursor/run-command-cursor';
export { MongoCursorExhaustedError, MongoCursorInUseError, MongoTailableCursorError } from './cursor/errors';
export * from './bulk/models';
export { MongoBulkWriteError } from './bulk/error';
export { BulkOperationBase, FindOperators, MongoBatchReExecutionError, OrderedBulkOperation, UnorderedBulkOperation } from './bulk/operations';
export { BulkWriteResult, WriteConcernError, WriteError, type BulkResult, type BulkWriteOperationError, type WriteConcernErrorData } from './bulk/result';
export {
  ReadConcern,
  ReadConcernLevel,
  ReadPreference,
  ReadPreferenceMode,
  WriteConcern,
  type ReadConcernLike,
  type ReadPreferenceLike,
  type ReadPreferenceOptions,
  type TagSet,
  type W,
  type WriteConcernOptions,
  type WriteConcernSettings,
} from './concerns';
export { ExplainVerbosity, type ExplainCommandOptions, type ExplainOptions, type ExplainVerbosityLike } from './explain';
export { MongoDBNamespace } from './namespace';
export type { CommandOperationOptions, OperationOptions } from './scope';
export type { BSONSerializeOptions } from './bson-options';
export type { PkFactory } from './primary-key';
export type { Sort, SortDirection } from './sort';
export { BSON, Binary, BSONRegExp, BSONSymbol, BSONType, Code, DBRef, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID, type Document } from 'bson';
export type { DriverInfo } from './driver-info';
export { ClientSession, type ClientSessionOptions } from './session';
export { Transaction, type EndTransactionOptions, type TransactionOptions, type TransactionState } from './session/transaction';
export type { WithTransactionCallback } from './session/with-transaction';
export {
  MongoAPIError,
  MongoCompatibilityError,
  MongoDriverError,
  MongoError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoOperationTimeoutError,
  MongoParseError,
  MongoPoolClearedError,
  MongoPoolClosedError,
  MongoRuntimeError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTransactionError,
  MongoUnexpectedServerResponseError,
  MongoWaitQueueTimeoutError,
  MongoWriteConcernError,
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
  type TopologyDescription,
  type TopologyEvents,
} from './sdam-events';
export type { CheckOutOptions, CloseOptions, CloseResult, CommandOptions, LaneKind, PhaseTimes, PoolStats, WarmOptions } from './options';
