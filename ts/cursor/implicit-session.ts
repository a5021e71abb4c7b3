import type { Endpoint } from '../endpoint';
import type { ClientSession } from '../session';

/** The session of a cursor whose user gave none, for all of its commands. */
export function startImplicitSession(_endpoint: Endpoint): ClientSession | undefined {
  return undefined;
}
