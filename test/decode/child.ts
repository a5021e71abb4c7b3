// A program with the decoder and bson at hand, in a process with flags of its own.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { root } from '../../scripts/process.mjs';

/** Runs `program` as CommonJS; what it prints, as JSON. */
export async function runWithFlags(flags: string[], program: string): Promise<unknown> {
  const head = `
    const { deserialize, serialize } = require('bson');
    const { Decoder } = require('./dist/decode/decoder.js');
    const slab = Buffer.alloc(512 << 10);
    const newDecoder = () => { const decoder = new Decoder(); decoder.lend(slab); return decoder; };
    const reply = (documents) => serialize({ cursor: { firstBatch: documents, id: 0n, ns: 'shop.orders' }, ok: 1 });
    const print = (value) => process.stdout.write(JSON.stringify(value));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', head + program], { cwd: root, timeout: 60_000 });
  return JSON.parse(stdout);
}
