import { fromNative } from './errors';
import { native } from './native';

/**
 * Numbers that the shortest calls into the core pass in place of arguments, and that they leave their result in. All lanes of a thread have
 * the same ones, also of another instance of this module: `crates/node/src/registers.rs`. The calls are looked up once.
 */
export const { registers, tryCheckOut, checkIn } = native.shareRegisters(new Int32Array(5));

/** Which of them says the lane, and what came of the call. */
export const LANE = 4;

// What came of a call.
export const DONE = 1;
export const CLOSED = 2;
export const REFUSED = 3;

/** Why the last call was refused. */
export function refusal(): unknown {
  return fromNative(new Error(native.takeRefusal() ?? ''));
}
