// A SOCKS5 proxy (RFC 1928, RFC 1929) for tests.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

export interface SocksOptions {
  /** Who is let through; without it, everybody. */
  credentials?: { username: string; password: string };
  /** Where targets really are, by what clients call them: `host:port` for `host:port`. */
  map?: Record<string, string>;
  /** Answers each request by this reply instead of connecting. */
  refuse?: number;
  /** Accepts, and says nothing. */
  silent?: boolean;
}

/** A proxy that runs until the test ends. */
export class SocksProxy {
  /** Connections over its whole life. */
  accepted = 0;
  /** What clients asked for, in order: names and literals as they were sent. */
  readonly targets: string[] = [];
  readonly #server: net.Server;
  readonly #open = new Set<net.Socket>();
  readonly #options: SocksOptions;
  #changed: (() => void)[] = [];

  static async start(options: SocksOptions = {}): Promise<SocksProxy> {
    const proxy = new SocksProxy(options);
    onTestFinished(() => proxy.close());
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(options: SocksOptions) {
    this.#options = options;
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      this.accepted += 1;
      this.#open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#open.delete(socket);
        for (const changed of this.#changed.splice(0)) changed();
      });
      if (options.silent) socket.resume();
      else this.#serve(socket).catch(() => socket.destroy());
    });
  }

  readonly host = '127.0.0.1';

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many clients are connected now. */
  get connections(): number {
    return this.#open.size;
  }

  /** Resolves once none is connected. */
  async untilClosed(): Promise<void> {
    while (this.#open.size > 0) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  async #serve(socket: net.Socket): Promise<void> {
    const { credentials, refuse } = this.#options;
    const [, methodCount] = await read(socket, 2);
    const methods = await read(socket, methodCount as number);
    const method = credentials ? 2 : 0;
    if (!methods.includes(method)) {
      socket.end(Buffer.of(5, 0xff));
      return;
    }
    socket.write(Buffer.of(5, method));
    if (credentials && !(await this.#isLetThrough(socket))) return;
    this.targets.push(await readTarget(socket));
    if (refuse !== undefined) {
      socket.end(answer(refuse));
      return;
    }
    await this.#connect(socket, this.targets.at(-1) as string);
  }

  async #isLetThrough(socket: net.Socket): Promise<boolean> {
    await read(socket, 1);
    const username = await readText(socket);
    const password = await readText(socket);
    const { credentials } = this.#options;
    const isRight = username === credentials?.username && password === credentials.password;
    if (isRight) socket.write(Buffer.of(1, 0));
    else socket.end(Buffer.of(1, 1));
    return isRight;
  }

  async #connect(socket: net.Socket, target: string): Promise<void> {
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(this.#options.map?.[target] ?? target) ?? [];
    const onward = net.connect({ host: host as string, port: Number(port), noDelay: true });
    socket.on('close', () => onward.destroy());
    try {
      await once(onward, 'connect');
    } catch {
      socket.end(answer(5));
      return;
    }
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.write(answer(0));
    socket.pipe(onward).pipe(socket);
  }
}

/** A reply with a bound address that means nothing. */
function answer(reply: number): Buffer {
  return Buffer.of(5, reply, 0, 1, 0, 0, 0, 0, 0, 0);
}

async function readTarget(socket: net.Socket): Promise<string> {
  const [, command, , kind] = await read(socket, 4);
  if (command !== 1) throw new Error(`command ${command} is not CONNECT`);
  const host = await readHost(socket, kind as number);
  return `${host}:${(await read(socket, 2)).readUInt16BE(0)}`;
}

async function readHost(socket: net.Socket, kind: number): Promise<string> {
  if (kind === 1) return (await read(socket, 4)).join('.');
  if (kind === 3) return readText(socket);
  const literal = await read(socket, 16);
  const groups = Array.from({ length: 8 }, (_, at) => literal.readUInt16BE(2 * at).toString(16));
  return `[${groups.join(':')}]`;
}

async function readText(socket: net.Socket): Promise<string> {
  const [length] = await read(socket, 1);
  return (await read(socket, length as number)).toString();
}

/** So many bytes and no more: what follows stays in the socket. */
async function read(socket: net.Socket, length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes?.length === length) return bytes;
    if (bytes !== null || socket.readableEnded) throw new Error('the client closed the connection');
    await new Promise<void>((resolve) => {
      const resume = (): void => {
        socket.off('readable', resume).off('close', resume);
        resolve();
      };
      socket.on('readable', resume).on('close', resume);
    });
    if (socket.destroyed) throw new Error('the client closed the connection');
  }
}
