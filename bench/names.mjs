// What things are called in results.

/**
 * A command is the same one with TLS, with all events listened to, or at a rate, and a row of its own.
 *
 * @param {{ tls?: boolean, opening?: boolean }} group
 * @param {{ workload: string, events?: boolean, rate?: number }} cell
 */
export function nameOf({ tls, opening }, { workload, events, rate }) {
  if (opening) return workload;
  return `${workload}${tls ? '-tls' : ''}${events ? '-events' : ''}${rate ? `-at-${rate}` : ''}`;
}

/**
 * The deployment that a group needs, of those in `servers.mjs`.
 *
 * @param {{ server: string, tls?: boolean, auth?: boolean, delayed?: boolean }} group
 */
export function deploymentOf({ server, tls, auth, delayed }) {
  return [server, ...(tls ? ['tls'] : []), ...(auth ? ['auth'] : []), ...(delayed ? ['delayed'] : [])].join('-');
}
