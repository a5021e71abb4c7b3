import { describe, expect, it } from 'vitest';
import { Threads } from './threads.mjs';

describe('a thread of a cmap test', () => {
  it('runs its operations one after the other, beside its starter', async () => {
    const threads = new Threads();
    const order: string[] = [];
    const { promise: gate, resolve: open } = withResolvers();
    threads.start('a');
    threads.schedule('a', () => gate.then(() => void order.push('first')));
    threads.schedule('a', async () => void order.push('second'));
    order.push('starter');
    open();
    await threads.finished('a');
    expect(order).toEqual(['starter', 'first', 'second']);
  });

  it('ends with its first error, which goes to whoever waits for it', async () => {
    const threads = new Threads();
    let ran = false;
    threads.start('a');
    threads.schedule('a', () => Promise.reject(new Error('no')));
    threads.schedule('a', async () => {
      ran = true;
    });
    // Nobody waits here, so nobody hears of it.
    await threads.settled();
    await expect(threads.finished('a')).rejects.toThrow('no');
    expect(ran).toBe(false);
  });

  it('has to be started, once', async () => {
    const threads = new Threads();
    threads.start('a');
    expect(() => threads.start('a')).toThrow('the thread a has been started already');
    expect(() => threads.schedule('b', async () => {})).toThrow('the thread b has not been started');
    await expect(threads.finished('b')).rejects.toThrow('the thread b has not been started');
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
