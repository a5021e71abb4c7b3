import { EventEmitter } from 'node:events';

// What Node's own typings say of a listener that is not known by name.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyListener = (...args: any[]) => void;

/**
 * An `EventEmitter` whose listeners do not disturb each other: one that throws has its error rethrown
 * from a microtask, and the next one is called. It hears of every change of its listeners, so that
 * nothing is built that nobody listens to.
 */
class Emitter extends EventEmitter {
  /** The listeners of each event that has some. Not the emitter's own lists: whoever removes one robs it of no event at hand. */
  readonly #told = new Map<string | symbol, readonly AnyListener[]>();

  /** Called after a listener was added or removed. */
  listenersChanged(): void {}

  #changed(): this {
    this.#told.clear();
    this.listenersChanged();
    return this;
  }

  #listenersOf(name: string | symbol): readonly AnyListener[] {
    const listeners = this.rawListeners(name) as AnyListener[];
    if (listeners.length > 0) this.#told.set(name, listeners);
    return listeners;
  }

  override emit(name: string | symbol, ...args: unknown[]): boolean {
    const listeners = this.#told.get(name) ?? this.#listenersOf(name);
    for (const listener of listeners) {
      try {
        Reflect.apply(listener, this, args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    return listeners.length > 0;
  }

  override on(name: string | symbol, listener: AnyListener): this {
    super.on(name, listener);
    return this.#changed();
  }

  override addListener(name: string | symbol, listener: AnyListener): this {
    return this.on(name, listener);
  }

  override prependListener(name: string | symbol, listener: AnyListener): this {
    super.prependListener(name, listener);
    return this.#changed();
  }

  override removeListener(name: string | symbol, listener: AnyListener): this {
    super.removeListener(name, listener);
    return this.#changed();
  }

  override off(name: string | symbol, listener: AnyListener): this {
    return this.removeListener(name, listener);
  }

  override removeAllListeners(name?: string | symbol): this {
    // Node takes an argument that is there, even `undefined`, for a name.
    if (name === undefined) super.removeAllListeners();
    else super.removeAllListeners(name);
    return this.#changed();
  }
}

type Named = 'on' | 'once' | 'off' | 'addListener' | 'removeListener' | 'prependListener' | 'prependOnceListener';

type TypedListeners<Events> = {
  [Method in Named]: {
    <Name extends keyof Events>(name: Name, listener: Events[Name]): TypedEmitter<Events>;
    (name: string | symbol, listener: AnyListener): TypedEmitter<Events>;
  };
};

/** The same, with its events and their listeners by name. */
export interface TypedEmitter<Events> extends Omit<Emitter, Named | 'listenersChanged'>, TypedListeners<Events> {}
export const TypedEmitter = Emitter as unknown as abstract new <Events>() => TypedEmitter<Events>;
