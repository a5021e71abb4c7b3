import { domainToASCII } from 'node:url';

/** Of a connection string its scheme and its user, the hosts, and what follows; of an address there are only hosts. */
const PARTS = /^(mongodb(?:\+srv)?:\/\/(?:[^/?]*@)?)?([^/?]*)(.*)$/su;

/**
 * The same connection string or address with the names of its hosts in ASCII, as name servers have them:
 * `bücher.example` is `xn--bcher-kva.example`. Every runtime has the tables for it; in the addon they would be a fortieth of its
 * size. What is no name stays as it is, and the core says so.
 */
export function withAsciiHosts(target: string): string {
  if (Buffer.byteLength(target) === target.length) return target;
  return target.replace(PARTS, (_, before: string = '', hosts: string, behind: string) => `${before}${hosts.split(',').map(asciiHost).join(',')}${behind}`);
}

function asciiHost(host: string): string {
  const [name = '', ...port] = host.split(':');
  return [domainToASCII(name) || name, ...port].join(':');
}
