// A real server in another role: proxies of the stub's program make it a router, or services behind a load balancer.

import { afterAll, beforeAll } from 'vitest';

import { startProxy } from '../../scripts/stub.mjs';
import { addressOf, type Member } from './mongod.js';

export type Proxy = Awaited<ReturnType<typeof startProxy>>;

/** A proxy for the suite that this is called in; read it inside of tests. Call it after what `server` reads. */
export function useProxy(server: () => Member | Promise<Member>, options: { as: 'mongos' } | { as: 'load-balancer'; services: number }): { readonly current: Proxy } {
  let proxy: Proxy | undefined;
  beforeAll(async () => {
    proxy = await startProxy({ to: addressOf(await server()), ...options });
  });
  afterAll(() => proxy?.stop());
  return {
    get current() {
      if (!proxy) throw new Error('the proxy runs only while tests do');
      return proxy;
    },
  };
}
