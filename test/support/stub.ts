// The stub server beside a test file: started once, put back in order after each test.

import { once } from 'node:events';
import net from 'node:net';
import { setImmediate } from 'node:timers/promises';

import { deserialize, serialize, type Document } from 'bson';
import { afterAll, afterEach, beforeAll } from 'vitest';

import { startStub as startProgram } from '../../scripts/stub.mjs';

/** What `stubStatus` counts, without control connections. */
export interface StubStatus {
  accepted: number;
  open: number;
  maxOpen: number;
  helloUnanswered: number;
  maxHelloUnanswered: number;
  helloSeen: number;
  commands: number;
  commandsByName: Record<string, number>;
  /** Commands that came compressed. */
  compressedCommandsByName: Record<string, number>;
  /** Compressed messages by the compressor's name. */
  compressedIn: Record<string, number>;
  compressedOut: Record<string, number>;
  connectionsByAppName: Record<string, number>;
  /** The first hello of each of the last connections, the oldest first. */
  handshakes: Document[];
}

/** A stub that runs, and the connection that controls it. */
export class Stub {
  readonly address: string;
  readonly uri: string;
  readonly #program: Awaited<ReturnType<typeof startProgram>>;
  readonly #connection: ControlConnection;
  #refuses = false;

  static async start(args: string[] = []): Promise<Stub> {
    const program = await startProgram(args);
    return new Stub(program, await ControlConnection.open(program.port));
  }

  private constructor(program: Awaited<ReturnType<typeof startProgram>>, connection: ControlConnection) {
    this.#program = program;
    this.#connection = connection;
    this.address = `127.0.0.1:${program.port}`;
    this.uri = `mongodb://${this.address}/?directConnection=true`;
  }

  get port(): number {
    return this.#program.port;
  }

  get pid(): number {
    return this.#program.pid as number;
  }

  /** The fields of `stubControl`: `crates/stub/src/control.rs` has them. */
  async control(fields: Document): Promise<void> {
    await this.#connection.command({ stubControl: 1, ...fields });
    if ('refuse' in fields || 'clear' in fields) await this.#settled(fields['refuse'] === true);
  }

  /** Its listener follows `refuse` a moment later. */
  async #settled(refuses: boolean): Promise<void> {
    if (refuses === this.#refuses) return;
    while ((await isRefused(this.port)) !== refuses) await setImmediate();
    this.#refuses = refuses;
  }

  /** The fail point `failCommand`. */
  async failPoint(mode: Document | 'alwaysOn' | 'off', data: Document = {}): Promise<void> {
    await this.#connection.command({ configureFailPoint: 'failCommand', mode, data });
  }

  async status(): Promise<StubStatus> {
    return (await this.#connection.command({ stubStatus: 1 })) as unknown as StubStatus;
  }

  /** Resolves once what it counts is as described: what happens to a socket here is known there a moment later. */
  async until(holds: (status: StubStatus) => boolean): Promise<void> {
    while (!holds(await this.status())) await setImmediate();
  }

  /** No faults, no fail point, counters at zero. */
  async reset(): Promise<void> {
    await this.control({ clear: true });
    await this.control({ resetCounters: true });
  }

  async stop(): Promise<void> {
    this.#connection.end();
    await this.#program.stop();
  }
}

/** A stub for every test of a file; read it inside of tests. */
export function useStub(args: string[] = []): { readonly current: Stub } {
  let stub: Stub | undefined;
  beforeAll(async () => {
    stub = await Stub.start(args);
  });
  afterEach(() => stub?.reset());
  afterAll(() => stub?.stop());
  return {
    get current() {
      if (!stub) throw new Error('the stub runs only while tests do');
      return stub;
    },
  };
}

/** Whether nothing listens on a port of this machine. */
function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

/** The stub's side door. It must not be the product's code, and is open before any fault holds. */
class ControlConnection {
  readonly #socket: net.Socket;
  readonly #waiting: { resolve: (reply: Document) => void; reject: (error: Error) => void }[] = [];
  #received = Buffer.alloc(0);

  static async open(port: number): Promise<ControlConnection> {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    const connection = new ControlConnection(socket);
    // By this name the stub knows a connection that no fault or counter concerns.
    await connection.command({ hello: 1, client: { application: { name: 'stub-control' } } });
    return connection;
  }

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    const fail = (error?: Error): void => {
      for (const { reject } of this.#waiting.splice(0)) reject(error ?? new Error('the stub closed its control connection'));
    };
    socket.on('error', fail);
    socket.on('close', () => fail());
  }

  command(command: Document): Promise<Document> {
    const body = serialize({ ...command, $db: 'admin' });
    const header = Buffer.alloc(21);
    header.writeInt32LE(header.length + body.length, 0);
    header.writeInt32LE(2013, 12);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(Buffer.concat([header, body]));
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4 && this.#received.length >= this.#received.readInt32LE(0)) {
      const length = this.#received.readInt32LE(0);
      // A header, flags and the kind of the only section stand before the document.
      const reply = deserialize(this.#received.subarray(21, length));
      this.#received = this.#received.subarray(length);
      const waiting = this.#waiting.shift();
      if (reply['ok'] === 1) waiting?.resolve(reply);
      else waiting?.reject(new Error(`the stub refuses: ${reply['errmsg']}`));
    }
  }
}
