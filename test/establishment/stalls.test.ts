// A server that goes silent while a connection to it is established: connectTimeoutMS bounds the whole of it.

import { MongoNetworkTimeoutError } from 'ferropool';
import { expect, test } from 'vitest';

import { onBothLanes, openPool } from '../support/lanes.js';
import {
  StallingPeer,
  afterAccepting,
  beforeProvingItself,
  beforeProvingItselfSpeculatively,
  duringHello,
  duringTls,
  type Stall,
} from '../support/stalling.js';

interface Case {
  title: string;
  stall: Stall;
  phase: 'tls' | 'hello' | 'auth';
  options: object;
}

const tls = { tls: true, tlsAllowInvalidCertificates: true };
const scram = { auth: { username: 'user', password: 'pencil' }, authMechanism: 'SCRAM-SHA-256' };

const cases: Case[] = [
  { title: 'accepts and says nothing', stall: afterAccepting, phase: 'hello', options: {} },
  { title: 'accepts and says nothing where TLS is due', stall: afterAccepting, phase: 'tls', options: tls },
  { title: 'stops in the middle of a TLS handshake', stall: duringTls, phase: 'tls', options: tls },
  { title: 'sends half a reply to hello', stall: duringHello, phase: 'hello', options: {} },
  { title: 'never answers saslContinue', stall: beforeProvingItself, phase: 'auth', options: scram },
  { title: 'never answers saslContinue after a speculative start', stall: beforeProvingItselfSpeculatively, phase: 'auth', options: scram },
];

onBothLanes((lane) => {
  test.each(cases)('a server that $title is given up at connectTimeoutMS, in phase $phase', async ({ stall, phase, options }) => {
    const peer = await StallingPeer.start(stall);
    const pool = openPool(peer.address, { lane, connectTimeoutMS: 500, ...options });
    pool.ready();
    const begun = performance.now();
    const failure = await pool.checkOut().catch((error: unknown) => error);
    const elapsed = performance.now() - begun;

    expect(failure).toBeInstanceOf(MongoNetworkTimeoutError);
    expect(failure).toMatchObject({ code: 'FERROPOOL_NETWORK_TIMEOUT', address: pool.address, details: { phase } });
    expect(elapsed).toBeGreaterThan(400);
    expect(elapsed).toBeLessThan(600);
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, pendingConnectionCount: 0, connectionsClosed: { error: 1 } });
    await peer.untilClosed();
    expect(peer).toMatchObject({ accepted: 1, stalled: 1, connections: 0 });
  });

  test.each(cases)('a server that $title keeps no socket of many', async ({ stall, options }) => {
    const peer = await StallingPeer.start(stall);
    const pool = openPool(peer.address, { lane, connectTimeoutMS: 500, maxConnecting: 20, ...options });
    pool.ready();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => pool.checkOut()));

    for (const { status } of outcomes) expect(status).toBe('rejected');
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, waitQueueSize: 0 });
    await peer.untilClosed();
    expect(peer).toMatchObject({ accepted: 20, stalled: 20 });
  });

  // Without a limit, so that nothing but the call can end what is being established.
  test.each(cases)('a close does not wait for a server that $title', async ({ stall, options }) => {
    const peer = await StallingPeer.start(stall);
    const pool = openPool(peer.address, { lane, connectTimeoutMS: 0, maxConnecting: 3, ...options });
    pool.ready();
    const waiting = Promise.allSettled(Array.from({ length: 3 }, () => pool.checkOut()));
    await peer.untilStalled(3);
    await pool.close();

    for (const outcome of await waiting) expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'MongoPoolClosedError' } });
    await peer.untilClosed();
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, connectionsClosed: { poolClosed: 3 } });
  });

  test.each(cases)('a clear does not wait for a server that $title', async ({ stall, options }) => {
    const peer = await StallingPeer.start(stall);
    const pool = openPool(peer.address, { lane, connectTimeoutMS: 0, maxConnecting: 3, ...options });
    pool.ready();
    const waiting = Promise.allSettled(Array.from({ length: 3 }, () => pool.checkOut()));
    await peer.untilStalled(3);
    pool.clear();

    for (const outcome of await waiting) expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'MongoPoolClearedError' } });
    await peer.untilClosed();
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, connectionsClosed: { stale: 3 } });
  });
});
