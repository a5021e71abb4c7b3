// Whose certificate is taken: a real server shows one that is right, or wrong in one way.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { MongoNetworkError, MongoNetworkTimeoutError, MongoServerSelectionError, type MongoClientOptions } from 'ferropool';
import { beforeAll, describe, expect, test, vi } from 'vitest';

import { useCertificates } from '../support/certificates.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod } from '../support/mongod.js';
import { reach, refusal } from '../support/reach.js';
import { securedMongod, type Secured, type SecuredFiles } from '../support/secured.js';
import type { TlsOptions } from '../../scripts/mongod/deployment.mjs';
import { makeServerCertificates } from '../../scripts/mongod/tls.mjs';

/** `undefined`: the server is taken. */
type Refusal = RegExp | undefined;

interface Row {
  certificate: NonNullable<TlsOptions['certificate']>;
  /** With the server's authority in `tlsCAFile`, and nothing else. */
  strictly: Refusal;
  /** With `tlsAllowInvalidHostnames` as well. */
  ofAnyHost: Refusal;
}

const table: Row[] = [
  { certificate: 'right', strictly: undefined, ofAnyHost: undefined },
  { certificate: 'chained', strictly: undefined, ofAnyHost: undefined },
  { certificate: 'unchained', strictly: /UnknownIssuer/, ofAnyHost: /UnknownIssuer/ },
  { certificate: 'wrongHost', strictly: /not valid for name "127\.0\.0\.1".*elsewhere\.example/, ofAnyHost: undefined },
  { certificate: 'expired', strictly: /expired/, ofAnyHost: /expired/ },
  { certificate: 'selfSigned', strictly: /UnknownIssuer/, ofAnyHost: /UnknownIssuer/ },
  { certificate: 'unknownAuthority', strictly: /UnknownIssuer/, ofAnyHost: /UnknownIssuer/ },
  // Nobody has said so.
  { certificate: 'revoked', strictly: undefined, ofAnyHost: undefined },
];

/** Of an authority that no server here has to do with. */
const stranger = useCertificates().servers.unknownAuthority;

/** Starts a server for the suite that this is called in. */
function useServer(certificate: Row['certificate']): { address: string; files: SecuredFiles; mongod: Secured } {
  let mongod: Secured | undefined;
  beforeAll(async () => {
    mongod = await securedMongod({ tls: { certificate } });
    return () => mongod?.stop();
  });
  const running = (): Secured => mongod ?? expect.unreachable();
  return {
    get mongod() {
      return running();
    },
    get address() {
      return `127.0.0.1:${running().port}`;
    },
    get files() {
      return running().tls ?? expect.unreachable();
    },
  };
}

function refusedBecause(reason: RegExp, address: string): object {
  return {
    message: expect.stringMatching(reason) as string,
    code: 'FERROPOOL_NETWORK',
    address,
    details: { phase: 'tls' },
    // No load makes a certificate wrong.
    errorLabels: [],
  };
}

describeWithMongod('a real server', () => {
  describe.each(table)('that shows a certificate: $certificate', ({ certificate, strictly, ofAnyHost }) => {
    const server = useServer(certificate);

    onBothLanes((lane) => {
      test.each<[title: string, reason: Refusal, options: MongoClientOptions]>([
        [`is ${strictly ? 'refused' : 'taken'} by default`, strictly, {}],
        [`is ${ofAnyHost ? 'refused' : 'taken'} with tlsAllowInvalidHostnames`, ofAnyHost, { tlsAllowInvalidHostnames: true }],
        ['is taken with tlsAllowInvalidCertificates', undefined, { tlsAllowInvalidCertificates: true }],
        ['is taken with rejectUnauthorized: false', undefined, { rejectUnauthorized: false }],
        ['is taken with tlsInsecure', undefined, { tlsInsecure: true }],
      ])('%s', async (_title, reason, more) => {
        const options = { lane, tls: true, tlsCAFile: server.files.caFile, ...more };
        if (!reason) {
          await reach(server.address, options);
          return;
        }
        const error = await refusal(server.address, options);
        expect(error).toBeInstanceOf(MongoNetworkError);
        expect(error).not.toBeInstanceOf(MongoNetworkTimeoutError);
        expect(error).toMatchObject(refusedBecause(reason, server.address));
      });

      test(`${strictly ? 'fails' : 'succeeds'} a client’s selection`, async () => {
        const uri = `mongodb://${server.address}/?directConnection=true&tls=true&tlsCAFile=${encodeURIComponent(server.files.caFile)}`;
        const client = openClient(uri, { lane, serverSelectionTimeoutMS: strictly ? 500 : 10_000 });
        const outcome = await client.db('admin').command({ ping: 1 }).catch((error: unknown) => error);
        if (!strictly) {
          expect(outcome).toMatchObject({ ok: 1 });
          return;
        }
        expect(outcome).toBeInstanceOf(MongoServerSelectionError);
        const { cause, message } = outcome as MongoServerSelectionError;
        expect(message).toMatch(strictly);
        expect(cause).toBeInstanceOf(MongoNetworkError);
        expect(cause).toMatchObject(refusedBecause(strictly, server.address));
      });
    });
  });

  describe('whose authority is told in another way', () => {
    const server = useServer('right');
    const pem = (): string => readFileSync(server.files.caFile, 'utf8');
    const another = (): string => readFileSync(stranger.caFile, 'utf8');

    onBothLanes((lane) => {
      test.each<[title: string, ca: () => NonNullable<MongoClientOptions['ca']>]>([
        ['a Buffer', () => Buffer.from(pem())],
        ['a part of a larger array', () => new TextEncoder().encode(`junk${pem()}`).subarray(4)],
        ['a string', () => pem()],
        ['an array', () => [Buffer.from(another()), pem()]],
        ['one text with several', () => `${another()}${pem()}`],
      ])('ca: %s', async (_title, ca) => {
        await reach(server.address, { lane, tls: true, ca: ca() });
      });

      test('beside a file with another: either will do', async () => {
        await reach(server.address, { lane, tls: true, tlsCAFile: stranger.caFile, ca: pem() });
      });

      test('ca names another alone: it is refused', async () => {
        const error = await refusal(server.address, { lane, tls: true, ca: another() });
        expect(error).toMatchObject(refusedBecause(/UnknownIssuer/, server.address));
      });

      test('nobody names one: the system knows no such authority', async () => {
        const error = await refusal(server.address, { lane, tls: true });
        expect(error).toMatchObject(refusedBecause(/UnknownIssuer/, server.address));
      });

      test('NODE_EXTRA_CA_CERTS adds to the system’s, and not to those that are named', async () => {
        vi.stubEnv('NODE_EXTRA_CA_CERTS', server.files.caFile);
        try {
          await reach(server.address, { lane, tls: true });
          const error = await refusal(server.address, { lane, tls: true, ca: another() });
          expect(error).toMatchObject(refusedBecause(/UnknownIssuer/, server.address));
        } finally {
          vi.unstubAllEnvs();
        }
      });
    });
  });

  describe('that signs for itself', () => {
    const server = useServer('selfSigned');

    onBothLanes((lane) => {
      test('is taken where its own certificate is named', async () => {
        // Of the file, which has the key as well, only the certificate is looked at.
        await reach(server.address, { lane, tls: true, tlsCAFile: server.files.certificateKeyFile });
        await reach(`localhost:${server.mongod.port}`, { lane, tls: true, tlsCAFile: server.files.certificateKeyFile });
      });

      test('is refused where another is named', async () => {
        const error = await refusal(server.address, { lane, tls: true, tlsCAFile: stranger.caFile });
        expect(error).toMatchObject(refusedBecause(/UnknownIssuer/, server.address));
      });
    });
  });

  describe('of an authority that few know', () => {
    const server = useServer('unknownAuthority');

    onBothLanes((lane) => {
      test('is taken by those who do', async () => {
        await reach(server.address, { lane, tls: true, tlsCAFile: server.files.otherCAFile as string });
      });
    });
  });

  describe('with a certificate that was taken back', () => {
    const server = useServer('revoked');

    onBothLanes((lane) => {
      test.each(['tlsCRLFile', 'crl'] as const)('is refused by those who have %s', async (option) => {
        const list = server.files.crlFile as string;
        const lists = option === 'crl' ? { crl: readFileSync(list) } : { tlsCRLFile: list };
        const options = { lane, tls: true, tlsCAFile: server.files.caFile, ...lists };
        expect(await refusal(server.address, options)).toMatchObject(refusedBecause(/Revoked/, server.address));
        expect(await refusal(server.address, { ...options, tlsAllowInvalidHostnames: true })).toMatchObject(refusedBecause(/Revoked/, server.address));
        await reach(server.address, { ...options, tlsAllowInvalidCertificates: true });
      });
    });
  });

  describe('with a certificate that a list does not name', () => {
    const server = useServer('right');

    onBothLanes((lane) => {
      test('is taken, whatever else is on the list', async () => {
        const { caFile } = server.files;
        const { revoked } = makeServerCertificates(path.dirname(caFile));
        await reach(server.address, { lane, tls: true, tlsCAFile: caFile, tlsCRLFile: revoked.crlFile });
      });
    });
  });
});
