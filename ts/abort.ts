// One listener for each signal, however many operations it may give up: a service often has one signal for
// thousands of commands, and each listener of its own would cost, and be warned of as a leak.
const listening = new WeakMap<AbortSignal, Listening>();

interface Listening {
  operations: Set<() => void>;
  stop(): void;
}

/** Calls `giveUp` when `signal` is aborted. Gives the way to take that back; the last one leaves no listener. */
export function whenAborted(signal: AbortSignal, giveUp: () => void): () => void {
  const { operations, stop } = listening.get(signal) ?? listen(signal);
  operations.add(giveUp);
  return () => {
    if (operations.delete(giveUp) && operations.size === 0) stop();
  };
}

function listen(signal: AbortSignal): Listening {
  const operations = new Set<() => void>();
  const onAbort = () => {
    listening.delete(signal);
    for (const giveUp of operations) giveUp();
  };
  const stop = () => {
    listening.delete(signal);
    signal.removeEventListener('abort', onAbort);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  listening.set(signal, { operations, stop });
  return { operations, stop };
}
