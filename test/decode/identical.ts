// Whether two decoded values cannot be told apart: values, classes, own keys and their order.

/** Where the two differ first, or `undefined`. */
export function difference(found: unknown, expected: unknown, path = ''): string | undefined {
  if (Object.is(found, expected)) return undefined;
  if (!isObject(found) || !isObject(expected)) return `${path}: ${String(found)} is not ${String(expected)}`;
  if (Object.getPrototypeOf(found) !== Object.getPrototypeOf(expected)) return `${path}: another class`;
  if (found instanceof Date && !Object.is(found.getTime(), (expected as Date).getTime())) return `${path}: another date`;
  if (found instanceof RegExp && String(found) !== String(expected)) return `${path}: another pattern`;
  if (found instanceof Uint8Array) return Buffer.compare(found, expected as Uint8Array) === 0 ? undefined : `${path}: other bytes`;
  const [keys, expectedKeys] = [Reflect.ownKeys(found), Reflect.ownKeys(expected)];
  if (keys.length !== expectedKeys.length || keys.some((key, index) => key !== expectedKeys[index])) {
    return `${path}: keys ${keys.map(String).join()} are not ${expectedKeys.map(String).join()}`;
  }
  for (const key of keys) {
    const [own, other] = [Object.getOwnPropertyDescriptor(found, key), Object.getOwnPropertyDescriptor(expected, key)];
    if (own?.enumerable !== other?.enumerable || own?.writable !== other?.writable) return `${path}.${String(key)}: another property`;
    const at = difference(own?.value, other?.value, `${path}.${String(key)}`);
    if (at !== undefined) return at;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
