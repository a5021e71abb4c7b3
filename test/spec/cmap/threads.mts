// A thread of a test: operations one after the other, beside the main thread. JavaScript has one thread, so a chain of
// promises stands for it.

export class Threads {
  readonly #threads = new Map<string, Promise<void>>();

  start(name: string): void {
    if (this.#threads.has(name)) throw new Error(`the thread ${name} has been started already`);
    this.#threads.set(name, Promise.resolve());
  }

  /** Runs `work` when the thread has done what it was given before. An error ends the thread: nothing follows it. */
  schedule(name: string, work: () => Promise<void>): void {
    const done = this.#of(name).then(work);
    // A thread's error is an error of the test when somebody waits for the thread.
    done.catch(() => {});
    this.#threads.set(name, done);
  }

  /** Waits until the thread has done all that it was given, and rejects with its error. */
  async finished(name: string): Promise<void> {
    await this.#of(name);
  }

  /** Waits for all of them, whatever became of them. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#threads.values());
  }

  #of(name: string): Promise<void> {
    const thread = this.#threads.get(name);
    if (!thread) throw new Error(`the thread ${name} has not been started`);
    return thread;
  }
}
