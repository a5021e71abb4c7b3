// What a client logs, and "expectedLogMessage": what a test says of it.

import { inspect } from 'node:util';
import type { Fields } from './file.mjs';
import { mismatch, type MatchContext } from './match.mjs';
import { TestError } from './unsupported.mjs';

/** A message under the names of the unified test format. */
export interface LogMessage {
  readonly level: string;
  readonly component: string;
  readonly data: Fields;
}

/** What a test expects of a client's messages. */
export interface ExpectedMessages {
  readonly client: string;
  readonly messages: readonly Fields[];
  readonly ignoreMessages?: readonly Fields[];
  readonly ignoreExtraMessages?: boolean;
}

/** Where a client writes its messages to: `mongodbLogPath`. */
export class MessageLog {
  readonly #messages: LogMessage[] = [];
  #isOver = false;

  get messages(): readonly LogMessage[] {
    return this.#messages;
  }

  write(log: object): void {
    // The runner connects each client itself: no operation of the test's selects a server for that.
    if (this.#isOver || (log as { operation?: string }).operation === 'connect') return;
    const { s: level, c: component, ...data } = log as { s: string; c: string };
    this.#messages.push({ level, component, data });
  }

  clear(): void {
    this.#messages.splice(0);
  }

  /** Takes nothing any more: what ending a test causes is not the test's. */
  end(): void {
    this.#isOver = true;
  }
}

/** Says what of the messages is not as expected; `undefined` if all is. */
export function checkMessages(expected: ExpectedMessages, logged: readonly LogMessage[], context: MatchContext): string | undefined {
  const ignored = expected.ignoreMessages ?? [];
  const counted = logged.filter((message) => ignored.every((each) => mismatchOfMessage(each, message, context, 'message') !== undefined));
  const of = `messages of ${expected.client}`;
  for (const [index, each] of expected.messages.entries()) {
    const message = counted[index];
    const found = message ? mismatchOfMessage(each, message, context, `${of}[${index}]`) : `${of}[${index}] should exist: ${inspect(each)}`;
    if (found) return `${found}\n${describe(counted)}`;
  }
  const extra = expected.ignoreExtraMessages ? undefined : counted[expected.messages.length];
  return extra && `${of}[${expected.messages.length}] should not exist\n${describe(counted)}`;
}

function mismatchOfMessage(expected: Fields, { level, component, data }: LogMessage, context: MatchContext, path: string): string | undefined {
  for (const [field, value] of Object.entries(expected)) {
    const found = checkField(field, value, { level, component, data }, context, `${path}.${field}`);
    if (found) return found;
  }
  return undefined;
}

function checkField(field: string, expected: unknown, message: LogMessage, context: MatchContext, path: string): string | undefined {
  switch (field) {
    case 'level':
    case 'component':
      return mismatch(expected, message[field], context, path);
    case 'data':
      return mismatch(expected, message.data, context, path, 'document');
    case 'failureIsRedacted': {
      const { failure } = message.data;
      if (failure === undefined) return `${path}: there should be a failure`;
      return isRedacted(failure) === expected ? undefined : `${path} should be ${String(expected)}, the failure is ${inspect(failure)}`;
    }
    default:
      throw new TestError(`${path}: the format has no such assertion`);
  }
}

/** Of an error, or of its text: nothing is left of what the server said but what kind of error it is. */
function isRedacted(failure: unknown): boolean {
  const redacted = '(redacted)';
  const { message, errorResponse } = (typeof failure === 'object' && failure !== null ? failure : { message: failure }) as Fields;
  if (message !== redacted) return false;
  const { ok: _, code: __, codeName: ___, errorLabels: ____, errmsg = redacted, ...rest } = (errorResponse === undefined ? {} : JSON.parse(String(errorResponse))) as Fields;
  return errmsg === redacted && Object.keys(rest).length === 0;
}

function describe(messages: readonly LogMessage[]): string {
  return ['all messages:', ...messages.map((message) => `  ${inspect(message, { depth: 3, breakLength: Infinity })}`)].join('\n');
}
