import { parseLevel, type MongoLoggableComponent, type SeverityLevel } from './severity';
import type { MongoDBLogWritable } from './sink';

/** The least grave messages that each component logs; `default` is for those that are not named. */
export type LogComponentSeveritiesClientOptions = { [Component in MongoLoggableComponent | 'default']?: SeverityLevel };

/** What is logged, and where ("Logging"). Each option wins over its environment variables. */
export interface LogOptions {
  /** Where log messages go, instead of `MONGODB_LOG_PATH`. @defaultValue 'stderr' */
  mongodbLogPath?: 'stderr' | 'stdout' | MongoDBLogWritable;
  /** What is logged, instead of `MONGODB_LOG_COMMAND` and the others, and of `MONGODB_LOG_ALL`. Nothing by default. */
  mongodbLogComponentSeverities?: LogComponentSeveritiesClientOptions;
  /**
   * How much of a document a log message shows, in UTF-16 code units of its extended JSON, 0 for all of it. Instead of
   * `MONGODB_LOG_MAX_DOCUMENT_LENGTH`. @defaultValue 1000 */
  mongodbLogMaxDocumentLength?: number;
}

/** What is logged, with everything said. */
export interface LogSettings {
  readonly levels: Readonly<Record<MongoLoggableComponent, SeverityLevel>>;
  readonly maxDocumentLength: number;
  readonly path: 'stderr' | 'stdout' | MongoDBLogWritable;
}

/** Options first, then the environment, of which what cannot be understood counts as if it were not there. */
export function logSettings(options: LogOptions, env: NodeJS.ProcessEnv): LogSettings {
  const given = options.mongodbLogComponentSeverities ?? {};
  const level = (component: MongoLoggableComponent, variable: string): SeverityLevel =>
    given[component] ?? given.default ?? parseLevel(env[variable]) ?? parseLevel(env['MONGODB_LOG_ALL']) ?? 'off';
  return {
    levels: {
      command: level('command', 'MONGODB_LOG_COMMAND'),
      topology: level('topology', 'MONGODB_LOG_TOPOLOGY'),
      serverSelection: level('serverSelection', 'MONGODB_LOG_SERVER_SELECTION'),
      connection: level('connection', 'MONGODB_LOG_CONNECTION'),
      client: level('client', 'MONGODB_LOG_CLIENT'),
    },
    maxDocumentLength: options.mongodbLogMaxDocumentLength ?? parseLength(env['MONGODB_LOG_MAX_DOCUMENT_LENGTH']) ?? 1000,
    path: options.mongodbLogPath ?? (env['MONGODB_LOG_PATH']?.toLowerCase() === 'stdout' ? 'stdout' : 'stderr'),
  };
}

function parseLength(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
