import { domainToASCII } from 'node:url';

/** Scheme and user of a connection string with `mongodb+srv`, the name, and what follows. A name has nothing of ASCII but letters, digits, - and _. */
const PARTS = /^(mongodb\+srv:\/\/(?:[^/?]*@)?)((?:[\w.-]|[^\p{ASCII}])*)((?:[/?].*)?)$/su;

/**
 * The same target with the name of a `mongodb+srv` connection string in ASCII, as name servers have it: `bücher.example` is
 * `xn--bcher-kva.example`. Every runtime has the tables for it; in the addon they would be a fortieth of its size. What is no
 * name stays as it is, and the core says so.
 */
export function withAsciiSrvName(target: string): string {
  if (Buffer.byteLength(target) === target.length) return target;
  return target.replace(PARTS, (_, before: string, name: string, behind: string) => `${before}${domainToASCII(name) || name}${behind}`);
}
