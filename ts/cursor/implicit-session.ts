import type { Endpoint } from '../endpoint';
import { ClientSession } from '../session';

/** The session that several commands of one operation share, where the user has given none. */
export function startImplicitSession(endpoint: Endpoint): ClientSession | undefined {
  return endpoint.hasSessions ? ClientSession.implicit(endpoint) : undefined;
}
