import type { MongoServerError } from '../errors';
import { cut, ejson } from './ejson';

/** What a message says, by the specification's names. Fields that are `undefined` are left out of it. */
export interface Fields {
  message: string;
  [name: string]: unknown;
}

/** What messages say that is not in their events. */
export interface LogContext {
  readonly topologyId: number;
  /** How long a document may be, in UTF-16 code units, 0 for no limit. */
  readonly most: number;
}

/** What the messages of events say, by the events' names. */
export type Messages<Events> = {
  readonly [Name in keyof Events]?: Events[Name] extends (event: infer Event) => void ? (event: Event, context: LogContext) => Fields : never;
};

/** Where a server is; a socket of the file system has no port. */
export function serverAt(address: string): { serverHost: string; serverPort?: number } {
  const [, host, port] = /^\[?([^/]*?)\]?:(\d+)$/.exec(address) ?? [];
  return host === undefined ? { serverHost: address } : { serverHost: host, serverPort: Number(port) };
}

/** An error, with everything that it says, in a form that any destination can write. What servers say may be large, and is cut. */
export function failureOf(error: Error, { most }: LogContext): Record<string, unknown> {
  const { code, codeName, address, errorLabels, errorResponse, details } = error as Partial<MongoServerError>;
  return present({
    name: error.name,
    message: cut(error.message, most),
    code,
    codeName,
    address,
    errorLabels: errorLabels?.length ? errorLabels : undefined,
    errorResponse: errorResponse && ejson(errorResponse, most),
    details: details && ejson(details, most),
    cause: error.cause instanceof Error ? failureOf(error.cause, { most, topologyId: 0 }) : undefined,
  });
}

/** Without the fields that are not there ("Omitting Null Values"). */
export function present<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as T;
}
