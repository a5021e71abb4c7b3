// The records that the tests of "Initial DNS Seedlist Discovery" need, and the few that the tests of polling begin with.

import type { SrvHost, Zone } from '../../support/dns.mjs';

const domain = 'test.build.10gen.cc';
const host = `localhost.${domain}`;

/** The hosts of each test's name: ports of `localhost.test.build.10gen.cc`, or targets elsewhere. `test4` has none. */
const hosts: Readonly<Record<string, readonly (number | SrvHost)[]>> = {
  test1: [27017, 27018],
  test2: [27018, 27019],
  test3: [27017],
  test5: [27017],
  test6: [27017],
  test7: [27017],
  test8: [27017],
  test10: [27017],
  test11: [27017],
  test12: [at('localhost.build.10gen.cc')],
  test13: [at('test.build.10gen.cc')],
  test14: [at('localhost.not-test.build.10gen.cc')],
  test15: [at('localhost.test.not-build.10gen.cc')],
  test16: [at('localhost.test.build.not-10gen.cc')],
  test17: [at('localhost.test.build.10gen.not-cc')],
  test18: [at('localhost.sub.test.build.10gen.cc')],
  test19: [at('localhost.evil.build.10gen.cc'), 27017],
  test20: [27017],
  test21: [27017],
  // One host by the list of records, two by the test that asks for them.
  test22: [27017, 27018],
  test23: [8000],
  test24: [8000],
};

const texts: Readonly<Record<string, readonly (readonly string[])[]>> = {
  test5: [['replicaSet=repl0&authSource=thisDB']],
  test6: [['replicaSet=repl0'], ['authSource=otherDB']],
  test7: [['ssl=false']],
  test8: [['authSource']],
  test10: [['socketTimeoutMS=500']],
  test11: [['replicaS', 'et=rep', 'l0']],
  test20: [['loadBalanced=true']],
  test21: [['loadBalanced=false']],
  test24: [['loadBalanced=true']],
};

const services: Readonly<Record<string, string>> = { test22: 'customname' };

export const zone: Zone = {
  a: { [host]: '127.0.0.1', [`localhost.sub.${domain}`]: '127.0.0.1' },
  srv: rename(hosts, (test) => `_${services[test] ?? 'mongodb'}._tcp.${test}.${domain}`, (each) =>
    each.map((entry) => (typeof entry === 'number' ? { port: entry, target: host } : entry)),
  ),
  txt: rename(texts, (test) => `${test}.${domain}`, (each) => each),
};

function at(target: string): SrvHost {
  return { port: 27017, target };
}

function rename<T, U>(records: Readonly<Record<string, T>>, name: (test: string) => string, value: (records: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(records).map(([test, each]) => [name(test), value(each)]));
}
