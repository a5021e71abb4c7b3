// "uriOptions": a deployment's connection string with what a test wants otherwise.

import type { Fields } from './file.mjs';
import { Unsupported } from './unsupported.mjs';

/** @param base - `mongodb://[user:password@]host[,host…]/[?options]` */
export function connectionString(base: string, uriOptions: Fields): string {
  const [, credentials = '', hosts = '', query] = /^mongodb:\/\/([^@/]*@)?([^/]*)\/(?:\?(.*))?$/.exec(base) ?? [];
  const options = new URLSearchParams(query);
  for (const [name, value] of Object.entries(uriOptions)) {
    removeAny(options, name);
    // `readPreferenceTags` is a list: one for each time that the option is given.
    for (const each of [value].flat()) options.append(name, text(name, each));
  }
  const isDirect = options.get('directConnection') === 'true';
  // A direct connection is to one host, whatever that is.
  if (isDirect) options.delete('replicaSet');
  return `mongodb://${credentials}${isDirect ? hosts.split(',', 1)[0] : hosts}/?${options}`;
}

/** Options' names are the same in lower case. */
function removeAny(options: URLSearchParams, name: string): void {
  for (const given of Array.from(options.keys())) if (given.toLowerCase() === name.toLowerCase()) options.delete(given);
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'object') return String(value);
  throw new Unsupported(`the value ${JSON.stringify(value)} of ${name}`);
}
