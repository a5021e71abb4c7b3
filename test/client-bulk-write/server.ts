// A primary of 8.0 as far as `bulkWrite` needs one: it keeps the `_id`s of what was inserted, answers with a cursor, and says of
// itself what a test wants it to.

import { Long, type Document } from 'ferropool';

import type { Answer, PeerConnection, ScriptedPeer } from '../support/peer.js';
import { startPrimary } from '../operations/prose/setting.js';

/** The wire version of 8.0. */
export const WIRE_VERSION = 25;

/** The same as a function, for what happens beside it. */
type Reply = Document | ((connection: PeerConnection) => Document | Promise<Document>);

export interface BulkServer {
  readonly peer: ScriptedPeer;
  readonly uri: string;
  /** Every `bulkWrite`, `getMore` and `killCursors`, in order. */
  readonly sent: Document[];
  /** How many documents a cursor's batch has. */
  batchSize: number;
  /** Replies by the command's name, each in its turn, in place of what would be done. */
  readonly replies: Record<string, Reply[]>;
  /** Fields that are added to the next replies to `bulkWrite`, each in its turn. */
  readonly additions: Document[];
  /** The commands of this name. */
  of: (name: string) => Document[];
}

export async function startBulkServer(hello: Document = {}): Promise<BulkServer> {
  const ids = new Set<unknown>();
  let left: Document[] = [];
  const next = (): { id: Long; documents: Document[] } => {
    const documents = left.splice(0, server.batchSize);
    return { id: Long.fromNumber(left.length > 0 ? 7 : 0), documents };
  };
  const answer = (command: Document, connection: PeerConnection): ReturnType<Answer> => {
    const [name] = Object.keys(command) as [string];
    if (!['bulkWrite', 'getMore', 'killCursors'].includes(name)) return undefined;
    server.sent.push(command);
    const scripted = server.replies[name]?.shift();
    if (scripted) return typeof scripted === 'function' ? scripted(connection) : scripted;
    if (name === 'killCursors') return undefined;
    if (name === 'getMore') {
      const { id, documents } = next();
      return { ok: 1, cursor: { id, ns: 'admin.$cmd.bulkWrite', nextBatch: documents } };
    }
    const { counts, results } = write(command, ids);
    left = results;
    const { id, documents } = next();
    return { ok: 1, ...counts, ...server.additions.shift(), cursor: { id, ns: 'admin.$cmd.bulkWrite', firstBatch: documents } };
  };
  const peer = await startPrimary(answer, { maxWireVersion: WIRE_VERSION, ...hello });
  const sent: Document[] = [];
  const server: BulkServer = {
    peer,
    uri: `mongodb://${peer.address}/?replicaSet=scripted`,
    sent,
    batchSize: 1000,
    replies: {},
    additions: [],
    of: (name) => sent.filter((command) => name in command),
  };
  return server;
}

/** Does the writes of a command. */
function write({ ops, ordered, errorsOnly }: Document, ids: Set<unknown>): { counts: Document; results: Document[] } {
  const counts = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
  const results: Document[] = [];
  for (const [idx, op] of (ops as Document[]).entries()) {
    if ('insert' in op && ids.has(JSON.stringify(op['document']._id))) {
      counts.nErrors++;
      results.push({ ok: 0, idx, n: 0, code: 11000, errmsg: 'E11000 duplicate key error' });
      if (ordered) break;
      continue;
    }
    const result: Document = { ok: 1, idx, n: 1 };
    if ('insert' in op) {
      ids.add(JSON.stringify(op['document']._id));
      counts.nInserted++;
    } else if ('delete' in op) {
      counts.nDeleted++;
    } else if (op['upsert']) {
      counts.nUpserted++;
      Object.assign(result, { nModified: 0, upserted: { _id: op['filter']._id } });
    } else {
      counts.nMatched++;
      counts.nModified++;
      result['nModified'] = 1;
    }
    if (!errorsOnly) results.push(result);
  }
  return { counts, results };
}
