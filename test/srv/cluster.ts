// A `mongodb+srv` name that leads to a stub on this machine. Its domain is the end of an IP address, so that the host which the
// records name is one that every resolver of addresses knows.

import dns from 'node:dns';

import { afterAll, afterEach, beforeAll } from 'vitest';

import { NameServer } from '../support/dns.mjs';
import type { Stub } from '../support/stub';

export const name = 'cluster.0.0.1';
export const records = `_mongodb._tcp.${name}`;
/** The stub speaks plain TCP, and `mongodb+srv` asks for TLS. */
export const uri = `mongodb+srv://${name}/?tls=false`;

/** A name server for every test of a file, which the whole process asks; it knows nothing when a test begins. */
export function useNameServer(): { readonly current: NameServer } {
  let server: NameServer | undefined;
  const before = dns.getServers();
  beforeAll(async () => {
    server = await NameServer.start();
    dns.setServers([server.address]);
  });
  afterEach(() => {
    if (!server) return;
    server.zone = {};
    server.behaviour = 'answer';
    server.questions.length = 0;
  });
  afterAll(() => {
    dns.setServers(before);
    server?.stop();
  });
  return {
    get current() {
      if (!server) throw new Error('the name server runs only while tests do');
      return server;
    },
  };
}

/** The hosts on these ports of this machine. */
export function onPorts(...ports: number[]): { srv: Record<string, { port: number; target: string }[]> } {
  return { srv: { [records]: ports.map((port) => ({ port, target: '127.0.0.1' })) } };
}

/** The only host is the stub. */
export function at(stub: Stub): ReturnType<typeof onPorts> {
  return onPorts(stub.port);
}
