import * as dns from 'node:dns';

/**
 * The options of a client, with the name servers that its connection string is resolved by: those of the runtime, which
 * `dns.setServers` changes. Where it has none, the core asks the system's.
 */
export function withNameServers<T extends object>(uri: string, options: T): T {
  // What is no string or no object is refused by others.
  if (typeof uri !== 'string' || !uri.startsWith('mongodb+srv://')) return options;
  if (options === null || typeof options !== 'object' || 'srvNameservers' in options) return options;
  return { ...options, srvNameservers: nameServers() };
}

/** As `address:port`. */
function nameServers(): string[] {
  // A runtime that imitates Node.js may not have it.
  if (typeof dns.getServers !== 'function') return [];
  // A server in a scope, as `fe80::1%eth0`, can be named to the core by its system's configuration alone.
  return dns
    .getServers()
    .filter((server) => !server.includes('%'))
    .map(withPort);
}

const PORT = 53;

/** An address without a port is asked at the usual one; an IPv6 address with a port has brackets. */
function withPort(server: string): string {
  if (server.startsWith('[')) return server;
  const colons = server.split(':').length - 1;
  if (colons === 1) return server;
  return colons === 0 ? `${server}:${PORT}` : `[${server}]:${PORT}`;
}
