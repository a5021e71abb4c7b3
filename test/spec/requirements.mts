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
  if (!requirements) return undefined;
  const reasons: string[] = [];
  for (const requirement of requirements) {
    const reason = whyUnmet(requirement, server);
    if (reason === undefined) return undefined;
    reasons.push(reason);
  }
  return reasons.join('; or ') || 'runs on no server: the list of requirements is empty';
}

function whyUnmet(requirement: Requirement, { version, topology, auth = false, parameters = {} }: ServerTraits): string | undefined {
  for (const [name, value] of Object.entries(requirement)) {
    if (name === 'minServerVersion' && compareVersions(version, String(value)) >= 0) continue;
    if (name === 'maxServerVersion' && compareVersions(version, String(value)) <= 0) continue;
    if ((name === 'topology' || name === 'topologies') && [value].flat().includes(topology)) continue;
    if (name === 'auth' && value === auth) continue;
    if (name === 'authMechanism' && includesIgnoringCase(parameters['authenticationMechanisms'], value)) continue;
    if (name === 'serverParameters' && areSet(value as Requirement, parameters)) continue;
    // There is no serverless server here, and the client encrypts no field.
    if (name === 'serverless' && value !== 'require') continue;
    if (name === 'csfle' && value === false) continue;
    return `needs ${name} ${JSON.stringify(value)}, the server is ${version}, ${topology}`;
  }
  return undefined;
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
