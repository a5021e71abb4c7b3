// Numbers and events as texts.

/** A count or a rate, `12,345`. */
export function integer(number) {
  return Math.round(number).toLocaleString('en-US');
}

/** Milliseconds with two decimals, `0.52 ms`. */
export function milliseconds(number) {
  return `${number >= 1000 ? integer(number) : number.toFixed(2)} ms`;
}

/** `1 caller`, `64 callers`. */
export function counted(number, noun) {
  return `${integer(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** An event's name, and what is worth knowing of it. */
export function describe(event) {
  const { name, connectionId, durationMS, reason, error } = event;
  const parts = [
    connectionId === undefined ? '' : `#${connectionId}`,
    reason ?? '',
    durationMS === undefined ? '' : `after ${milliseconds(durationMS)}`,
    error ? error.message : '',
  ];
  return [name, parts.filter(Boolean).join('  ')];
}

/** When something happened, in seconds since `since`. */
export function clock(time, since) {
  return `${(Math.max(0, time - since) / 1000).toFixed(2)} s`;
}
