import { inspect } from 'node:util';
import { MongoClient, type MongoClientOptions } from 'ferropool';
import { describe, expect, it } from 'vitest';

const secret = 'hunter2';

async function opened<T>(uri: string, options: MongoClientOptions, look: (client: MongoClient) => T): Promise<T> {
  await using client = new MongoClient(uri, options);
  return look(client);
}

describe('the options of a client', () => {
  it('are what the string and the object say, the object first, and defaults', async () => {
    const uri = 'mongodb://us%40er:p%3Ass@a.example.com,[::1]:27018,%2Ftmp%2Fa.sock/shop?maxPoolSize=7&appname=x&w=majority';
    await opened(uri, { maxPoolSize: 3, compressors: ['zlib'], readPreference: { mode: 'nearest', tags: [{ dc: 'ny' }] } }, ({ options }) => {
      expect(options).toMatchObject({
        hosts: [{ host: 'a.example.com', port: 27017 }, { host: '::1', port: 27018 }, { socketPath: '/tmp/a.sock' }],
        dbName: 'shop',
        appName: 'x',
        maxPoolSize: 3,
        maxConnecting: 2,
        compressors: ['zlib'],
        readPreference: { mode: 'nearest', tags: [{ dc: 'ny' }] },
        writeConcern: { w: 'majority' },
        tls: false,
        retryReads: true,
      });
      expect(options.credentials).toMatchObject({ username: 'us@er', password: 'p:ss', source: 'shop', mechanism: 'DEFAULT' });
    });
  });

  it('of an SRV connection string have its name, and TLS', async () => {
    await opened('mongodb+srv://cluster.example.com/?srvMaxHosts=2', {}, ({ options }) => {
      expect(options).toMatchObject({ srvHost: 'cluster.example.com', srvMaxHosts: 2, srvServiceName: 'mongodb', hosts: [], tls: true });
    });
  });

  it('cannot be changed', async () => {
    await opened('mongodb://user:pass@localhost/?readPreference=nearest', {}, ({ options }) => {
      for (const object of [options, options.hosts, options.hosts[0], options.credentials, options['readPreference']]) {
        expect(Object.isFrozen(object)).toBe(true);
      }
    });
  });

  it('keep the functions that supply credentials', async () => {
    const callback = async () => ({ accessToken: secret });
    const options: MongoClientOptions = { authMechanism: 'MONGODB-OIDC', authMechanismProperties: { OIDC_CALLBACK: callback } };
    await opened('mongodb://localhost', options, (client) => {
      expect(client.options.credentials?.mechanismProperties).toEqual({ OIDC_CALLBACK: callback });
    });
  });

  it('have buffers as text', async () => {
    const bytes = Buffer.from('a key and more');
    await opened('mongodb://localhost', { key: bytes.subarray(2, 5), cert: ['leaf', new Uint8Array([66])] }, ({ options }) => {
      expect([options.key, options.cert]).toEqual(['key', 'leaf\nB']);
    });
  });
});

describe('a secret', () => {
  const uri = `mongodb://user:${secret}@localhost/?tls=true&tlsCertificateKeyFilePassword=${secret}`;
  const options = { key: Buffer.from(secret), cert: secret, proxyHost: 'p', proxyUsername: 'u', proxyPassword: secret };

  it('is read by its name', async () => {
    await opened(uri, options, ({ options: { credentials, key, cert, passphrase, proxyPassword } }) => {
      expect([credentials?.password, key, cert, passphrase, proxyPassword]).toEqual(Array(5).fill(secret));
    });
  });

  it.each([{}, { showHidden: true, depth: Infinity }, { getters: true, showHidden: true, depth: Infinity }])('is not printed: %j', async (how) => {
    await opened(uri, options, (client) => {
      // Whether they have been read before or not.
      for (const shown of [client, client.options, client.options.credentials, client]) expect(inspect(shown, how)).not.toContain(secret);
    });
  });

  it('is not copied', async () => {
    await opened(uri, options, ({ options: { credentials, ...rest }, options: all }) => {
      expect(JSON.stringify([all, { ...all }, rest, { ...credentials }])).not.toContain(secret);
    });
  });

  it.each([
    ['auth', { username: 'u', password: [secret] }],
    ['auth', secret],
    ['authMechanismProperties', { AWS_SESSION_TOKEN: [secret] }],
    ['authMechanismProperties', { ENVIRONMENT: secret }],
    ['key', [{ pem: secret }]],
    ['passphrase', [secret]],
    ['proxyPassword', { secret }],
    ['tlsCertificateKeyFilePassword', [secret]],
  ])('is in no error: %s %j', (name, value) => {
    let message = '';
    try {
      void new MongoClient('mongodb://localhost', { authMechanism: 'MONGODB-OIDC', [name]: value } as MongoClientOptions).close();
    } catch (error) {
      message = inspect(error);
    }
    expect(message).toContain(name);
    expect(message).not.toContain(secret);
  });

  it('is in no error of a client that was given what is no connection string', () => {
    expect(() => new MongoClient([uri] as never)).toThrow('The connection string must be a string, received an object');
  });
});
