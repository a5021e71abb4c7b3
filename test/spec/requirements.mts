// `runOn` and `runOnRequirements`: which servers a test is for.

import { isDeepStrictEqual } from 'node:util';

/** What a test may run on is known of a server. */
export interface ServerTraits {
  /** As `buildInfo` says, for example `6.0.5`. */
  readonly version: string;
  /** `single`, `replicaset`, `sharded` or `load-balanced`. */
  readonly topology: string;
  /** Whether clients have to authenticate. Default `false`. */
  readonly auth?: boolean;
  /** The server's parameters, as `getParameter` gives them. Default none. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** One of a test's requirements; all of its fields have to hold. */
export type Requirement = Readonly<Record<string, unknown>>;

/** Says why none of the requirements is met; `undefined` if one is, or there is none. */
export function unmet(requirements: readonly Requirement[] | undefined, server: ServerTraits): string | undefined {
  return unmetByAll([requirements], [server]);
}

/**
 * Says why no server meets all lists of requirements, each by one of its elements; `undefined` if one does. Of each element it
 * says what is missing where most of it holds: that it is for another topology is of no interest where there is that one.
 */
export function unmetByAll(lists: readonly (readonly Requirement[] | undefined)[], servers: readonly ServerTraits[]): string | undefined {
  const given = lists.filter((list) => list !== undefined);
  if (servers.some((server) => given.every((list) => list.some((requirement) => !firstUnmet(requirement, server))))) return undefined;
  const unmetList = given.find((list) => servers.every((server) => list.every((requirement) => firstUnmet(requirement, server))));
  if (!unmetList) return 'no server meets the requirements of the file and of the test at once';
  const reasons = new Set(unmetList.map((requirement) => nearest(requirement, servers)));
  return [...reasons].join('; or ') || 'runs on no server: the list of requirements is empty';
}

interface Unmet {
  /** How many fields hold before it. */
  readonly held: number;
  readonly reason: string;
}

function nearest(requirement: Requirement, servers: readonly ServerTraits[]): string {
  const each = servers.map((server) => firstUnmet(requirement, server) as Unmet);
  return each.reduce((best, one) => (one.held > best.held ? one : best)).reason;
}

/** The topology first: what else there is to say is about a server of that kind. */
function firstUnmet(requirement: Requirement, server: ServerTraits): Unmet | undefined {
  const entries = Object.entries(requirement).sort(([a], [b]) => rank(a) - rank(b));
  const held = entries.findIndex(([name, value]) => !isMet(name, value, server));
  if (held < 0) return undefined;
  const [name, value] = entries[held] as [string, unknown];
  const { version, topology } = server;
  return { held, reason: `needs ${name} ${JSON.stringify(value)}, the server is ${name.endsWith('Version') ? version : topology}` };
}

function rank(name: string): number {
  const order = ['topology', 'topologies', 'auth'].indexOf(name);
  return order < 0 ? 3 : order;
}

function isMet(name: string, value: unknown, { version, topology, auth = false, parameters = {} }: ServerTraits): boolean {
  switch (name) {
    case 'minServerVersion':
      return compareVersions(version, String(value)) >= 0;
    case 'maxServerVersion':
      return compareVersions(version, String(value)) <= 0;
    case 'topology':
    case 'topologies':
      // Every shard is a replica set.
      return [value].flat().some((each) => each === topology || (each === 'sharded-replicaset' && topology === 'sharded'));
    case 'auth':
      return value === auth;
    case 'authMechanism':
      return includesIgnoringCase(parameters['authenticationMechanisms'], value);
    case 'serverParameters':
      return areSet(value as Requirement, parameters);
    // There is no serverless server here, and the client encrypts no field.
    case 'serverless':
      return value !== 'require';
    case 'csfle':
      return value === false;
    default:
      return false;
  }
}

function includesIgnoringCase(texts: unknown, wanted: unknown): boolean {
  return [texts].flat().some((text) => String(text).toLowerCase() === String(wanted).toLowerCase());
}

function areSet(wanted: Requirement, parameters: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(parameters[name], value));
}

/** Compares number by number, so that 10.0 is after 9.9. A number that is missing is 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The numbers of `7.1.0-rc2` are those of the release that it leads to. */
function numbers(version: string): number[] {
  const release = /^\d+(\.\d+)*/.exec(version)?.[0];
  if (!release) throw new Error(`"${version}" is no version`);
  return release.split('.').map(Number);
}
