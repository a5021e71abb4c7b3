import type { LogOptions } from './logging/options';
import type { BSONSerializeOptions } from './bson-options';
import type { LaneKind } from './options';
import type { PrimaryKeyOptions } from './primary-key';

/** Supplies credentials for MONGODB-AWS. */
export type AWSCredentialProvider = () => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string; expiration?: Date }>;

/** Supplies a token for MONGODB-OIDC. */
export type OIDCCallbackFunction = (params: {
  timeoutContext: AbortSignal;
  version: 1;
  idpInfo?: { issuer: string; clientId: string; requestScopes?: string[] };
  username?: string;
  refreshToken?: string;
  tokenAudience?: string;
}) => Promise<{ accessToken: string; expiresInSeconds?: number; refreshToken?: string }>;

/** What {@link EstablishOptions.authMechanismProperties} may have; each belongs to one mechanism. */
export interface AuthMechanismProperties {
  /** GSSAPI: the service's name. @defaultValue 'mongodb' */
  SERVICE_NAME?: string;
  /** GSSAPI: the service's realm. */
  SERVICE_REALM?: string;
  /** GSSAPI: the service's host. */
  SERVICE_HOST?: string;
  /** GSSAPI: how the host's name is made canonical. */
  CANONICALIZE_HOST_NAME?: boolean | 'none' | 'forward' | 'forwardAndReverse';
  /** MONGODB-AWS: supplies credentials, instead of the environment. */
  AWS_CREDENTIAL_PROVIDER?: AWSCredentialProvider;
  /** MONGODB-OIDC: where a token comes from, instead of a callback. */
  ENVIRONMENT?: 'test' | 'azure' | 'gcp' | 'k8s';
  /** MONGODB-OIDC on Azure and GCP: whom the token is for. One with a comma cannot be in a connection string. */
  TOKEN_RESOURCE?: string;
  /** MONGODB-OIDC: supplies a token without a person. */
  OIDC_CALLBACK?: OIDCCallbackFunction;
  /** MONGODB-OIDC: supplies a token for which a person may be asked. */
  OIDC_HUMAN_CALLBACK?: OIDCCallbackFunction;
  /** MONGODB-OIDC: the hosts for which a person may be asked, such as `*.example.com`. */
  ALLOWED_HOSTS?: string[];
}

/** How a server's certificate, and one's own, is given: PEM, or several that belong together. */
export type PEM = string | Uint8Array | readonly (string | Uint8Array)[];

/** How connections are established. A {@link MongoClient} and a {@link ConnectionPool} share these. */
export interface EstablishOptions {
  /** The application's name, as servers log it, at most 128 bytes. */
  appName?: string;
  /** How long establishing a connection may take, in milliseconds, 0 for no limit. @defaultValue 30000 */
  connectTimeoutMS?: number;
  /** How long each exchange on a connection may take, in milliseconds, 0 for no limit. @defaultValue 0 */
  socketTimeoutMS?: number;
  /** The user, instead of the connection string's. */
  auth?: { username?: string; password?: string };
  /** How to authenticate; what the server offers for the user by default. */
  authMechanism?: 'DEFAULT' | 'SCRAM-SHA-1' | 'SCRAM-SHA-256' | 'MONGODB-X509' | 'PLAIN' | 'GSSAPI' | 'MONGODB-AWS' | 'MONGODB-OIDC';
  /** What the mechanism needs beside the user. */
  authMechanismProperties?: AuthMechanismProperties;
  /** The database that knows the user. By default the connection string's, else `admin`; `$external` for most mechanisms. */
  authSource?: string;
  /** Whether connections are encrypted. Options beside it do not turn it on; `mongodb+srv` does. @defaultValue false */
  tls?: boolean;
  /** The same as `tls`. @defaultValue false */
  ssl?: boolean;
  /** A file of authorities to trust, PEM, instead of the system's. */
  tlsCAFile?: string;
  /** A file of revocation lists, PEM. */
  tlsCRLFile?: string;
  /** A file of one's own certificate and its key, PEM. */
  tlsCertificateKeyFile?: string;
  /** Opens that key, if it is encrypted. */
  tlsCertificateKeyFilePassword?: string;
  /** Whether any certificate is taken. @defaultValue false */
  tlsAllowInvalidCertificates?: boolean;
  /** Whether a certificate for another host is taken. @defaultValue false */
  tlsAllowInvalidHostnames?: boolean;
  /** Both of them. @defaultValue false */
  tlsInsecure?: boolean;
  /** No OCSP responder is ever asked, whatever this says. @defaultValue false */
  tlsDisableOCSPEndpointCheck?: boolean;
  /** Revocation is checked against lists that are given, and by nothing else. @defaultValue false */
  tlsDisableCertificateRevocationCheck?: boolean;
  /** Authorities to trust, beside `tlsCAFile`'s. */
  ca?: PEM;
  /** Revocation lists, beside `tlsCRLFile`'s. */
  crl?: PEM;
  /** One's own certificate, instead of `tlsCertificateKeyFile`'s. */
  cert?: PEM;
  /** Its key, instead of `tlsCertificateKeyFile`'s. */
  key?: PEM;
  /** The same as `tlsCertificateKeyFilePassword`. */
  passphrase?: string;
  /** The name to ask for and to verify, instead of the host's. */
  servername?: string;
  /** Whether the server's certificate has to be valid. @defaultValue true */
  rejectUnauthorized?: boolean;
  /** The compressors to offer, the preferred one first: an array, or names with commas between them. @defaultValue none */
  compressors?: readonly ('none' | 'snappy' | 'zlib' | 'zstd')[] | string;
  /** zlib's level: -1 is the library's default, 0 no compression, 9 the most. @defaultValue -1 */
  zlibCompressionLevel?: number;
  /** A SOCKS5 proxy to dial through. */
  proxyHost?: string;
  /** Its port. @defaultValue 1080 */
  proxyPort?: number;
  /** A user for the proxy. */
  proxyUsername?: string;
  /** The user's password. */
  proxyPassword?: string;
  /** Whether the host is a load balancer. @defaultValue false */
  loadBalanced?: boolean;
  /** The versioned API that every command declares. */
  serverApi?: '1' | { version: '1'; strict?: boolean; deprecationErrors?: boolean };
  /** A library around this one, as the handshake names it. */
  driverInfo?: { name: string; version?: string; platform?: string };
  /** Sockets always send small packets at once; anything else is a warning. @defaultValue true */
  noDelay?: boolean;
  /** Sockets always probe silent peers; anything else is a warning. @defaultValue true */
  keepAlive?: boolean;
}

/** The options that a {@link MongoClient} and a {@link ConnectionPool} share. */
export interface PoolOptions extends EstablishOptions, LogOptions {
  /** The most connections that exist at a time, 0 for no limit. @defaultValue 100 */
  maxPoolSize?: number;
  /** The connections that exist at any time while the pool is ready. @defaultValue 0 */
  minPoolSize?: number;
  /** The most connections that are being established at a time, at least 1. @defaultValue 2 */
  maxConnecting?: number;
  /** How long a connection may stay available, in milliseconds, 0 for no limit. @defaultValue 0 */
  maxIdleTimeMS?: number;
  /** How long a check-out may wait, in milliseconds, 0 for no limit. @defaultValue 0 */
  waitQueueTimeoutMS?: number;
  /**
   * Bounds each operation as a whole, in milliseconds, 0 for no limit ("Client Side Operations Timeout"). Without one, not even
   * 0, `socketTimeoutMS`, `waitQueueTimeoutMS`, `wtimeoutMS` and `maxTimeMS` bound its steps. Connections that nobody waits
   * for authenticate within it, command by command.
   */
  timeoutMS?: number;
  /** Which lane carries the connections. @defaultValue 'auto' */
  lane?: LaneKind;
  /** For tests: when background work runs; negative is never, 0 is as soon as there is some. @defaultValue 0 */
  backgroundThreadIntervalMS?: number;
}

/** `readPreference`. */
export type ReadPreferenceMode = 'primary' | 'primaryPreferred' | 'secondary' | 'secondaryPreferred' | 'nearest';

/** Options of a {@link MongoClient}; they win over those of the connection string. */
export interface MongoClientOptions extends PoolOptions, BSONSerializeOptions, PrimaryKeyOptions {
  /** Whether the one host is used whatever it is. */
  directConnection?: boolean;
  /** The replica set that the hosts are members of. */
  replicaSet?: string;
  /** The database of `db()` without a name, instead of the connection string's. */
  dbName?: string;
  /** With `mongodb+srv`: how many hosts are chosen at most, 0 for all. @defaultValue 0 */
  srvMaxHosts?: number;
  /** With `mongodb+srv`: the service's name. @defaultValue 'mongodb' */
  srvServiceName?: string;
  /** For tests: the DNS servers to ask, such as `127.0.0.1:53`; the system's by default. */
  srvNameservers?: readonly string[];
  /** How long an operation waits for the server, in milliseconds. @defaultValue 30000 */
  serverSelectionTimeoutMS?: number;
  /** How much slower than the fastest an eligible server may be, in milliseconds. @defaultValue 15 */
  localThresholdMS?: number;
  /** Between checks of the server, in milliseconds. @defaultValue 10000 */
  heartbeatFrequencyMS?: number;
  /** The least time between checks, in milliseconds. @defaultValue 500 */
  minHeartbeatFrequencyMS?: number;
  /** How monitors learn of changes. @defaultValue 'auto' */
  serverMonitoringMode?: 'auto' | 'poll' | 'stream';
  /** Whether command events are emitted to those who listen. @defaultValue true */
  monitorCommands?: boolean;
  /** Which servers reads go to. @defaultValue 'primary' */
  readPreference?:
    | ReadPreferenceMode
    | { mode: ReadPreferenceMode; tags?: readonly Record<string, string>[]; maxStalenessSeconds?: number; hedge?: { enabled: boolean } };
  /** The tag sets of which a server must have one, in the order in which they are tried. */
  readPreferenceTags?: readonly (Record<string, string> | string)[] | string;
  /** How far a secondary may be behind, in seconds, at least 90; -1 for no limit. @defaultValue -1 */
  maxStalenessSeconds?: number;
  /** What reads may see; the server's default if nothing is said. */
  readConcern?: { level: string } | string;
  /** The level of `readConcern`. */
  readConcernLevel?: string;
  /** What writes wait for; the server's default if nothing is said. */
  writeConcern?: { w?: number | string; wtimeoutMS?: number; journal?: boolean } | number | string;
  /** How many members acknowledge a write, or which. */
  w?: number | string;
  /** How long a write waits for them, in milliseconds, 0 for no limit. @defaultValue 0 */
  wtimeoutMS?: number;
  /** Whether a write has to be in the journal. */
  journal?: boolean;
  /** Whether reads are retried. @defaultValue true */
  retryReads?: boolean;
  /** Whether writes are retried. @defaultValue true */
  retryWrites?: boolean;
  /** How often an operation that met an overloaded server is retried. @defaultValue 2 */
  maxAdaptiveRetries?: number;
  /** Whether such a retry prefers another server. @defaultValue false */
  enableOverloadRetargeting?: boolean;
}
