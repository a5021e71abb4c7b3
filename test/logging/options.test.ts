import { Writable } from 'node:stream';
import { MongoClient, MongoInvalidArgumentError, type LogOptions } from 'ferropool';
import { describe, expect, it, vi } from 'vitest';

import { openClient } from '../support/lanes.js';

describe('an option of logging is refused by name', () => {
  it.each<[object, RegExp]>([
    [{ mongodbLogPath: '/var/log/x' }, /"mongodbLogPath" must be "stderr", "stdout" or an object with a function write, received "\/var\/log\/x"/],
    [{ mongodbLogPath: null }, /"mongodbLogPath" .* received null/],
    [{ mongodbLogPath: { write: 1 } }, /"mongodbLogPath" .* received a value of type object/],
    [{ mongodbLogPath: () => {} }, /"mongodbLogPath" .* received a value of type function/],
    [{ mongodbLogComponentSeverities: 'debug' }, /"mongodbLogComponentSeverities" must be an object of components and levels, received "debug"/],
    [{ mongodbLogComponentSeverities: { pool: 'debug' } }, /has the unknown component "pool"; allowed are command, topology, serverSelection/],
    [{ mongodbLogComponentSeverities: { command: 'loud' } }, /has the unknown level "loud" of "command"; allowed are off, emergency/],
    [{ mongodbLogComponentSeverities: { command: 7 } }, /has the unknown level 7 of "command"/],
    [{ mongodbLogMaxDocumentLength: -1 }, /"mongodbLogMaxDocumentLength" must be an integer from 0/],
  ])('%j', (options, message) => {
    const open = (): MongoClient => new MongoClient('mongodb://localhost', options);
    expect(open).toThrow(MongoInvalidArgumentError);
    expect(open).toThrow(message);
  });
});

it.each<LogOptions>([
  { mongodbLogPath: 'stderr' },
  { mongodbLogPath: new Writable({ objectMode: true }) },
  { mongodbLogPath: { write: async () => {} }, mongodbLogMaxDocumentLength: 0 },
  { mongodbLogComponentSeverities: { command: 'off', topology: 'emergency', serverSelection: 'alert', connection: 'critical', client: 'error', default: 'notice' } },
])('has what the official driver has: %j', (options) => {
  openClient('mongodb://localhost', options);
});

it('does not belong into a connection string', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  openClient('mongodb://localhost/?mongodbLogPath=stderr', {});
  expect(warned.mock.calls[0]?.[0]).toBe('Option "mongodbLogPath" belongs into the options object and is ignored in the connection string');
  warned.mockRestore();
});
