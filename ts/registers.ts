import { native } from './native';

/**
 * Numbers that the shortest calls into the core pass in place of arguments, and that others leave their result in. All lanes of a thread have
 * the same ones, also of another instance of this module: `crates/node/src/registers.rs`.
 */
export const registers = native.shareRegisters(new Int32Array(5));

/** Which of them says the lane, and what came of the call. */
export const LANE = 4;
