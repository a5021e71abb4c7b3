import { expect, it } from 'vitest';

import { runProgram, type Ended } from '../support/child.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

function run(env: Record<string, string>, options = '{}'): Promise<Ended> {
  return runProgram(
    `const client = new MongoClient(${JSON.stringify(stub.current.uri)}, ${options});
    await client.db('shop').command({ ping: 'x'.repeat(2000) });
    await client.close();`,
    { env },
  );
}

const componentsOf = (text: string): string[] => [...new Set([...text.matchAll(/ c: '(\w+)'/g)].map(([, name = '']) => name))].toSorted();
const all = ['command', 'connection', 'serverSelection', 'topology'];

it.each<[Record<string, string>, string[]]>([
  [{}, []],
  [{ MONGODB_LOG_COMMAND: 'debug' }, ['command']],
  [{ MONGODB_LOG_TOPOLOGY: 'DEBUG' }, ['topology']],
  [{ MONGODB_LOG_SERVER_SELECTION: 'Info' }, ['serverSelection']],
  [{ MONGODB_LOG_CONNECTION: 'trace' }, ['connection']],
  [{ MONGODB_LOG_ALL: 'debug' }, all],
  [{ MONGODB_LOG_ALL: 'debug', MONGODB_LOG_COMMAND: 'off' }, all.slice(1)],
  [{ MONGODB_LOG_ALL: 'loud', MONGODB_LOG_COMMAND: '' }, []],
])('%j logs %j to stderr', async (env, expected) => {
  const { code, stdout, stderr } = await run(env);
  expect({ code, stdout, components: componentsOf(stderr) }).toEqual({ code: 0, stdout: '', components: expected });
});

it.each(['STDOUT', 'stdout'])('MONGODB_LOG_PATH may be %s', async (MONGODB_LOG_PATH) => {
  const { stdout, stderr } = await run({ MONGODB_LOG_ALL: 'debug', MONGODB_LOG_PATH });
  expect([componentsOf(stdout), stderr]).toEqual([all, '']);
});

it('MONGODB_LOG_PATH is stderr if it is nothing else', async () => {
  const { stdout, stderr } = await run({ MONGODB_LOG_COMMAND: 'debug', MONGODB_LOG_PATH: '/no/such/file' });
  expect([stdout, componentsOf(stderr)]).toEqual(['', ['command']]);
});

it.each<[string, number]>([
  ['7', 10],
  ['1500', 1503],
  ['-7', 1003],
  ['many', 1003],
])('MONGODB_LOG_MAX_DOCUMENT_LENGTH is %s', async (MONGODB_LOG_MAX_DOCUMENT_LENGTH, expected) => {
  const { stderr } = await run({ MONGODB_LOG_COMMAND: 'debug', MONGODB_LOG_MAX_DOCUMENT_LENGTH });
  const [, command = ''] = /command: '(.*?)'/.exec(stderr) ?? [];
  expect(command).toHaveLength(expected);
});

it('options win over variables', async () => {
  const env = { MONGODB_LOG_COMMAND: 'debug', MONGODB_LOG_TOPOLOGY: 'debug', MONGODB_LOG_PATH: 'stdout', MONGODB_LOG_MAX_DOCUMENT_LENGTH: '7' };
  const options = "{ mongodbLogPath: 'stderr', mongodbLogMaxDocumentLength: 5, mongodbLogComponentSeverities: { topology: 'off' } }";
  const { stdout, stderr } = await run(env, options);
  expect([stdout, componentsOf(stderr)]).toEqual(['', ['command']]);
  expect(stderr).toContain("command: '{\"pin...'");
});

it('a default that is set in the options wins over variables too', async () => {
  const { stdout, stderr } = await run({ MONGODB_LOG_ALL: 'debug', MONGODB_LOG_COMMAND: 'debug' }, "{ mongodbLogComponentSeverities: { default: 'off' } }");
  expect([stdout, stderr]).toEqual(['', '']);
});
