import type { Deadline } from '../deadline';
import type { Endpoint } from '../endpoint';
import { native } from '../native';
import { registers } from '../registers';

/** What a server accepts at most, by the names of its hello. */
export interface Limits {
  /** The bytes of a document. */
  readonly maxBsonObjectSize: number;
  /** The bytes of a message. */
  readonly maxMessageSizeBytes: number;
  /** The writes of a command. */
  readonly maxWriteBatchSize: number;
}

/** What is not split needs none. */
export const UNLIMITED: Limits = { maxBsonObjectSize: Infinity, maxMessageSizeBytes: Infinity, maxWriteBatchSize: Infinity };

/** What servers announce since 3.6; routers behind a load balancer are not heard of before there is a connection. */
export const USUAL_LIMITS: Limits = { maxBsonObjectSize: 16 << 20, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 };

/** What a server lets a message have around the user's documents, in bytes. */
export const AROUND = 16 << 10;

/** The largest document that bson's own buffer surely holds. */
const MAX_SERIALIZED = 16 << 20;

/** What every known server takes that a write may be sent to; `undefined` while none is known. */
export function knownLimits({ lane, id, options }: Endpoint): Limits | undefined {
  if (options.loadBalanced) return USUAL_LIMITS;
  if (!native.limits(lane.number, id)) return undefined;
  const [document, maxMessageSizeBytes, maxWriteBatchSize] = registers as unknown as [number, number, number];
  return { maxBsonObjectSize: Math.min(document, MAX_SERIALIZED), maxMessageSizeBytes, maxWriteBatchSize };
}

/** The same once there is a server. */
export async function learnLimits(endpoint: Endpoint, deadline: Deadline | undefined, signal: AbortSignal | undefined): Promise<Limits> {
  const { lane, id } = endpoint;
  const limit = deadline ? deadline.remaining() : Infinity;
  await lane.start(endpoint, (slot) => native.connect(lane.number, id, slot, limit), () => undefined, signal);
  return knownLimits(endpoint) ?? USUAL_LIMITS;
}
