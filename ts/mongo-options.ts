// What `client.options` is. Secrets are behind private fields and getters of prototypes: reading one by its name works,
// and nothing that walks an object's own properties finds it: `util.inspect`, JSON, a spread. `util.inspect` has to be
// asked for hidden properties, for getters and against `inspect.custom`, all three, to call those of a prototype.

import { inspect, type InspectOptions } from 'node:util';

/** The functions of `authMechanismProperties`, which stay in JavaScript. */
export type CredentialCallbacks = Readonly<Record<string, (...values: never[]) => unknown>>;

/** Who connections authenticate as. */
export class MongoCredentials {
  declare readonly username?: string;
  declare readonly source: string;
  /** `DEFAULT` is what the server offers for the user. */
  declare readonly mechanism: string;
  declare readonly mechanismProperties: Readonly<Record<string, unknown>>;
  readonly #password: string | undefined;

  /** @internal */
  constructor({ password, mechanismProperties, ...fields }: Record<string, unknown>, callbacks: CredentialCallbacks) {
    Object.assign(this, fields, { mechanismProperties: freeze({ ...(mechanismProperties as object), ...callbacks }) });
    this.#password = password as string | undefined;
    Object.freeze(this);
  }

  get password(): string | undefined {
    return this.#password;
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return show('MongoCredentials', this, options);
  }
}

/** The options of a client as it understood them, by the names that the official driver gives them. */
export class MongoOptions {
  declare readonly hosts: readonly ({ host: string; port: number } | { socketPath: string })[];
  declare readonly credentials?: MongoCredentials;
  declare readonly dbName?: string;
  declare readonly tls: boolean;
  declare readonly srvHost?: string;
  readonly [name: string]: unknown;
  readonly #secrets: Readonly<Record<'cert' | 'key' | 'passphrase' | 'proxyPassword', string | undefined>>;

  /** @internal What the core describes, with the functions that the core does not have. */
  constructor(description: string, callbacks: CredentialCallbacks) {
    const { cert, key, passphrase, proxyPassword, credentials, ...fields } = JSON.parse(description) as Record<string, never>;
    Object.assign(this, fields, credentials && { credentials: new MongoCredentials(credentials, callbacks) });
    this.#secrets = { cert, key, passphrase, proxyPassword };
    freeze(this);
  }

  get cert(): string | undefined {
    return this.#secrets.cert;
  }

  get key(): string | undefined {
    return this.#secrets.key;
  }

  get passphrase(): string | undefined {
    return this.#secrets.passphrase;
  }

  get proxyPassword(): string | undefined {
    return this.#secrets.proxyPassword;
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return show('MongoOptions', this, options);
  }
}

/** With `showHidden` and `getters`, Node.js would call the getters of the prototype. */
function show(name: string, object: object, options: InspectOptions): string {
  return `${name} ${inspect({ ...object }, options)}`;
}

/** Takes the functions out of `authMechanismProperties`. */
export function credentialCallbacks(properties: unknown): CredentialCallbacks {
  const named = Object.entries(properties ?? {}).filter(([, value]) => typeof value === 'function');
  return Object.fromEntries(named.map(([name, value]) => [name.toUpperCase(), value]));
}

/** Freezes an object and what is in it. */
function freeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) freeze(value);
  }
  return Object.freeze(object);
}
