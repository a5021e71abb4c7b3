// The product by the names of its methods. Operations of tests are data, and so are their arguments: what a method takes is
// checked when it is called. A method that the product does not have yet makes a test skipped, not the runner fail to compile.

import { MongoInvalidArgumentError } from 'ferropool';
import { Unsupported } from './unsupported.mjs';

/** An object of the product: what its methods take and give is known when they are called. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Driver = any;

/** Gives access to the methods of an object of the product. */
export function driver(target: object): Driver {
  return new Proxy(target, { get: methodOf });
}

function methodOf(target: object, name: string | symbol): unknown {
  const method: unknown = Reflect.get(target, name, target);
  if (typeof method !== 'function') throw new Unsupported(`${target.constructor.name}.${String(name)}`);
  return method.bind(target);
}

/** The same error, or that an option is not known to the product. */
export function unknownOption(error: unknown): Unsupported | undefined {
  const isUnknown = error instanceof MongoInvalidArgumentError && error.message.startsWith('Unknown option');
  return isUnknown ? new Unsupported(`what is missing (${error.message.split(';')[0]})`) : undefined;
}
