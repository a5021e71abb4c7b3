// The runner of the tests of initial DNS seedlist discovery: a file is a test. The seeds, the options and the errors are what
// the package finds by asking a name server of this runner's; the hosts that the seeds lead to need deployments that are not
// at those names, so nothing is sent to any of them.

import dns from 'node:dns';
import { inspect, isDeepStrictEqual } from 'node:util';
import { MongoClient, type LaneKind } from 'ferropool';
import { NameServer } from '../../support/dns.mjs';
import { readTestFile, type TestFile } from '../discover.mjs';
import type { Format } from '../format.mjs';
import { checkOptions } from '../options/check.mjs';
import type { TestOutcome } from '../report.mjs';
import { zone } from './zone.mjs';

interface SeedlistTest {
  readonly uri: string;
  readonly seeds?: readonly string[];
  readonly numSeeds?: number;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly parsed_options?: Readonly<Record<string, unknown>>;
  readonly error?: boolean;
}

const lanes: readonly LaneKind[] = ['event-loop', 'tokio'];

/** What a name server that does not answer would take is far above this. */
const limitMS = 10_000;

export const seedlistFormat: Format = {
  folder: 'initial-dns-seedlist-discovery/tests',
  run: async (file) => [await runTest(file)],
};

async function runTest(file: TestFile): Promise<TestOutcome> {
  const test = readTestFile(file) as SeedlistTest;
  if (typeof test.uri !== 'string') throw new Error('the file has no uri');
  const server = await NameServer.start(zone);
  const servers = dns.getServers();
  dns.setServers([server.address]);
  try {
    const failures: string[] = [];
    for (const lane of lanes) {
      const failure = await runOnLane(test, lane);
      if (failure !== undefined) failures.push(`on the ${lane} lane: ${test.uri}: ${failure}`);
    }
    return failures.length > 0 ? { test: file.name, outcome: 'failed', failures } : { test: file.name, outcome: 'passed' };
  } finally {
    dns.setServers(servers);
    server.stop();
  }
}

async function runOnLane(test: SeedlistTest, lane: LaneKind): Promise<string | undefined> {
  const opened = open(test.uri, lane);
  if ('refused' in opened) return checkRefusal(test, opened.refused);
  const { client } = opened;
  try {
    const refused = await resolved(client);
    if (refused !== undefined) return checkRefusal(test, refused);
    if (test.error) return `an error was expected, and the seeds are ${inspect(seedsOf(client))}`;
    return checkSeeds(test, client) ?? checkParsed(test, client) ?? checkOptions(test.options, { options: client.options, warnings: [] });
  } finally {
    await client.close({ drainMS: 0 });
  }
}

function open(uri: string, lane: LaneKind): { client: MongoClient } | { refused: unknown } {
  try {
    return { client: new MongoClient(uri, { lane }) };
  } catch (refused) {
    return { refused };
  }
}

/** Waits for the seeds, or for what is given instead of them. */
async function resolved(client: MongoClient): Promise<unknown> {
  // Where there are seeds, it goes on to dial them, or says that there are too many; this test is over then.
  const outcome: { refused?: unknown } = {};
  client.connect().catch((error: unknown) => {
    outcome.refused = error;
  });
  const end = performance.now() + limitMS;
  while (client.options.hosts.length === 0 && outcome.refused === undefined) {
    if (performance.now() > end) return new Error(`there are no seeds and no error after ${limitMS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return client.options.hosts.length === 0 ? outcome.refused : undefined;
}

function checkRefusal({ error }: SeedlistTest, refused: unknown): string | undefined {
  const { name } = refused as Error;
  const isTyped = ['MongoParseError', 'MongoInvalidArgumentError', 'MongoNetworkError'].includes(name);
  return error && isTyped ? undefined : `no such error was expected: ${inspect(refused)}`;
}

function checkSeeds({ seeds, numSeeds }: SeedlistTest, client: MongoClient): string | undefined {
  const found = seedsOf(client);
  if (numSeeds !== undefined && found.length !== numSeeds) return `${numSeeds} seeds were expected: ${inspect(found)}`;
  if (seeds === undefined || isDeepStrictEqual(found, [...seeds].sort())) return undefined;
  return `the seeds should be ${inspect(seeds)}, and are ${inspect(found)}`;
}

function seedsOf({ options }: MongoClient): string[] {
  return options.hosts.map((host) => ('socketPath' in host ? host.socketPath : `${host.host}:${host.port}`)).sort();
}

/** What the other parts of the connection string say. */
function checkParsed({ parsed_options: expected }: SeedlistTest, { options }: MongoClient): string | undefined {
  const { credentials, dbName } = options;
  const found: Record<string, unknown> = {
    user: credentials?.username,
    password: credentials?.password,
    auth_database: credentials?.source,
    db: dbName,
    defaultDatabase: dbName,
  };
  for (const [name, value] of Object.entries(expected ?? {})) {
    if (found[name] !== value) return `${name} should be ${inspect(value)}, and is ${inspect(found[name])}`;
  }
  return undefined;
}
