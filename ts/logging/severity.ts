/** How grave a log message is ("Log Severity Levels"), the gravest first; `OFF` is what a component is set to that logs nothing. */
export const SeverityLevel = Object.freeze({
  OFF: 'off',
  EMERGENCY: 'emergency',
  ALERT: 'alert',
  CRITICAL: 'critical',
  ERROR: 'error',
  WARNING: 'warn',
  NOTICE: 'notice',
  INFORMATIONAL: 'info',
  DEBUG: 'debug',
  TRACE: 'trace',
} as const);
export type SeverityLevel = (typeof SeverityLevel)[keyof typeof SeverityLevel];

/** What log messages are of ("Components"). `client` has what belongs to no other. */
export const MongoLoggableComponent = Object.freeze({
  COMMAND: 'command',
  TOPOLOGY: 'topology',
  SERVER_SELECTION: 'serverSelection',
  CONNECTION: 'connection',
  CLIENT: 'client',
} as const);
export type MongoLoggableComponent = (typeof MongoLoggableComponent)[keyof typeof MongoLoggableComponent];

const levels: readonly string[] = Object.values(SeverityLevel);

/** Whether a message is logged by a component that is set to `level`. */
export function isLogged(severity: SeverityLevel, level: SeverityLevel): boolean {
  return levels.indexOf(severity) <= levels.indexOf(level);
}

/** The level that an environment variable names, in whichever case; none where it names none. */
export function parseLevel(text: string | undefined): SeverityLevel | undefined {
  const level = text?.toLowerCase() ?? '';
  return levels.includes(level) ? (level as SeverityLevel) : undefined;
}
