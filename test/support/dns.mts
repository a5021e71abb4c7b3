// A name server for tests, by datagrams on a port of its own: `dns.setServers([server.address])` leads there.

import dgram from 'node:dgram';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';

/** An SRV record's host; its priority and weight mean nothing here. */
export interface SrvHost {
  readonly port: number;
  readonly target: string;
}

/** What there is to know: names without a last dot, lower-cased. What is not there does not exist. */
export interface Zone {
  readonly srv?: Readonly<Record<string, readonly SrvHost[]>>;
  /** Records of one or more strings. */
  readonly txt?: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** IPv4 addresses. */
  readonly a?: Readonly<Record<string, string>>;
}

/** `silence` answers nothing, `servfail` and `nxdomain` are errors. */
export type Behaviour = 'answer' | 'silence' | 'servfail' | 'nxdomain';

const types = { a: 1, txt: 16, srv: 33 } as const;
const codes = { answer: 0, servfail: 2, nxdomain: 3 } as const;
const HEADER = 12;
const CLASS_INTERNET = 1;

export class NameServer {
  /** As `dns.setServers` takes it. */
  readonly address: string;
  zone: Zone;
  behaviour: Behaviour = 'answer';
  /** In seconds. */
  ttl = 86_400;
  /** The names that were asked for, in their order, with their types: `SRV _mongodb._tcp.a.b.c`. */
  readonly questions: string[] = [];
  readonly #socket: dgram.Socket;

  static async start(zone: Zone = {}): Promise<NameServer> {
    const socket = dgram.createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket, zone);
  }

  private constructor(socket: dgram.Socket, zone: Zone) {
    this.#socket = socket;
    this.zone = zone;
    this.address = `127.0.0.1:${socket.address().port}`;
    socket.on('message', (question, peer) => {
      const answer = this.#answer(question);
      if (answer) socket.send(answer, peer.port, peer.address);
    });
  }

  /** Resolves once so many questions were asked. */
  async asked(count: number): Promise<void> {
    while (this.questions.length < count) await turn();
  }

  stop(): void {
    this.#socket.close();
  }

  #answer(question: Buffer): Buffer | undefined {
    const { name, end } = readName(question);
    const type = question.readUInt16BE(end);
    const kind = (Object.keys(types) as (keyof typeof types)[]).find((each) => types[each] === type);
    this.questions.push(`${kind?.toUpperCase() ?? type} ${name}`);
    if (this.behaviour === 'silence') return undefined;
    const found = kind && this.#records(kind, name);
    const code = this.behaviour === 'answer' && !found && !this.#exists(name) ? 'nxdomain' : this.behaviour;
    const records = code === 'answer' ? (found ?? []) : [];
    const header = Buffer.alloc(HEADER);
    header.writeUInt16BE(question.readUInt16BE(0), 0);
    // A response, recursion desired and available.
    header.writeUInt16BE(0x8180 | codes[code], 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, question.subarray(HEADER, end + 4), ...records.map((data) => this.#record(type, data))]);
  }

  #records(kind: keyof typeof types, name: string): Buffer[] | undefined {
    const { srv, txt, a } = this.zone;
    if (kind === 'srv') return srv?.[name]?.map(({ port, target }) => Buffer.concat([uint16(0, 5, port), encodeName(target)]));
    if (kind === 'txt') return txt?.[name]?.map((strings) => Buffer.concat(strings.map(encodeText)));
    const address = a?.[name];
    return address === undefined ? undefined : [Buffer.from(address.split('.').map(Number))];
  }

  /** A name with records of another type has none of this one, which is not the same as no name. */
  #exists(name: string): boolean {
    return Object.values(this.zone).some((records) => name in records);
  }

  #record(type: number, data: Buffer): Buffer {
    const ttl = Buffer.alloc(4);
    ttl.writeUInt32BE(this.ttl);
    // The name is the question's: a pointer to it.
    return Buffer.concat([uint16(0xc000 | HEADER, type, CLASS_INTERNET), ttl, uint16(data.length), data]);
  }
}

function uint16(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  numbers.forEach((number, index) => bytes.writeUInt16BE(number, index * 2));
  return bytes;
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function encodeName(name: string): Buffer {
  return Buffer.concat([...name.split('.').map(encodeText), Buffer.from([0])]);
}

function readName(question: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = question[at] as number; length > 0; length = question[at] as number) {
    labels.push(question.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}
