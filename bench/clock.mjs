/** Milliseconds by a clock that every process of this machine shares. */
export function now() {
  return performance.timeOrigin + performance.now();
}
