// "expectedEvent": what a test says of an event, and of the sequence of them.

import { inspect } from 'node:util';
import { typeOf, type EventType, type ObservedEvent } from './events.mjs';
import type { ExpectedEvents, Fields } from './file.mjs';
import { mismatch, type MatchContext } from './match.mjs';
import { plain } from './results.mjs';
import { TestError, Unsupported } from './unsupported.mjs';
import { bsonType, numeric } from './values.mjs';

/** Says what of the sequence is not as expected; `undefined` if all is. */
export function checkEvents(expected: ExpectedEvents, observed: readonly ObservedEvent[], context: MatchContext): string | undefined {
  const type = expected.eventType ?? 'command';
  if (!['command', 'cmap', 'sdam'].includes(type)) throw new TestError(`there is no type of events ${type}`);
  for (const [index, event] of expected.events.entries()) {
    const path = `${type} events of ${expected.client}[${index}]`;
    const found = checkOne(event, observed[index], type as EventType, context, path);
    if (found) return found;
  }
  const extra = expected.ignoreExtraEvents ? undefined : observed[expected.events.length];
  return extra && `${type} events of ${expected.client}[${expected.events.length}] should not exist, is ${inspect(extra, { depth: 4 })}`;
}

function checkOne(expected: Fields, observed: ObservedEvent | undefined, type: EventType, context: MatchContext, path: string): string | undefined {
  const { name } = single(expected);
  if (typeOf(name) !== type) throw new TestError(`${path}: ${name} is no ${type} event`);
  if (!observed) return `${path} should exist: ${inspect(expected)}`;
  return mismatchOfEvent(expected, observed, context, path);
}

/** Says how an event does not match; `undefined` if it does. */
export function mismatchOfEvent(expected: Fields, observed: ObservedEvent, context: MatchContext, path: string): string | undefined {
  const { name, assertions } = single(expected);
  if (observed.name !== name) return `${path} should be ${name}, is ${observed.name}`;
  for (const [field, value] of Object.entries(assertions)) {
    const found = checkField(field, value, observed, context, `${path}.${field}`);
    if (found) return found;
  }
  return undefined;
}

function checkField(field: string, expected: unknown, { name, event }: ObservedEvent, context: MatchContext, path: string): string | undefined {
  switch (field) {
    case 'hasServiceId':
      return presence(expected, isServiceId(event['serviceId']), path);
    case 'hasServerConnectionId':
      if (!('serverConnectionId' in event)) throw new Unsupported(`serverConnectionId of ${name}`);
      return presence(expected, Number(numeric(event['serverConnectionId']) ?? 0) > 0, path);
    case 'command':
    case 'reply':
      return mismatch(expected, plain(event[field]), context, path, 'document');
    case 'previousDescription':
    case 'newDescription':
      return mismatchOfDescription(expected as Fields, event[field], context, path);
    case 'commandName':
    case 'databaseName':
    case 'reason':
    case 'awaited':
    case 'interruptInUseConnections':
      if (!(field in event)) throw new Unsupported(`${field} of ${name}`);
      return mismatch(expected, event[field], context, path);
    default:
      throw new TestError(`${path}: the format has no such assertion`);
  }
}

/** Of a description, only its type is asserted. */
function mismatchOfDescription(expected: Fields, description: unknown, context: MatchContext, path: string): string | undefined {
  const other = Object.keys(expected).find((name) => name !== 'type');
  if (other !== undefined) throw new TestError(`${path}: the format has no assertion ${other}`);
  if (!('type' in expected)) return undefined;
  return mismatch(expected['type'], (description as Fields | undefined)?.['type'], context, `${path}.type`);
}

function presence(expected: unknown, isThere: boolean, path: string): string | undefined {
  return expected === isThere ? undefined : `${path} should be ${String(expected)}`;
}

function isServiceId(value: unknown): boolean {
  return bsonType(value) === 'ObjectId' && !/^0*$/.test(String(value));
}

function single(expected: Fields): { name: string; assertions: Fields } {
  const [entry, ...others] = Object.entries(expected);
  if (!entry || others.length > 0) throw new TestError(`an expected event has one key: ${inspect(expected)}`);
  return { name: entry[0], assertions: entry[1] as Fields };
}
