import { Binary, EJSON } from 'bson';

/**
 * A document as relaxed extended JSON, cut off by an ellipsis after `most` UTF-16 code units, 0 for all of it
 * ("Configurable Max Document Length"). No more of it is built than is shown, however large it is.
 */
export function ejson(document: unknown, most: number): string {
  const text = new Text(most || Infinity);
  try {
    text.append(document);
  } catch (error) {
    return cut(`Not to be shown as extended JSON: ${String(error)}`, most);
  }
  return cut(text.content, most);
}

/** Ends a text with an ellipsis after `most` code units, 0 for never; a pair of surrogates is not torn apart. */
export function cut(text: string, most: number): string {
  if (most === 0 || text.length <= most) return text;
  const isTorn = (text.charCodeAt(most - 1) & 0xfc00) === 0xd800;
  return `${text.slice(0, isTorn ? most - 1 : most)}...`;
}

/** Grows until it is longer than what is asked for. */
class Text {
  content = '';
  constructor(readonly most: number) {}

  append(value: unknown): void {
    if (typeof value === 'string') this.content += JSON.stringify(value.slice(0, this.most));
    else if (typeof value !== 'object' || value === null) this.content += EJSON.stringify(value, { relaxed: true }) ?? 'null';
    else if (Array.isArray(value)) this.#list(value);
    else if (value instanceof Map) this.#record(value);
    else if (value instanceof Uint8Array) this.#binary(new Binary(value));
    else if (value instanceof Error) this.append(String(value));
    else if ('_bsontype' in value) this.#leaf(value);
    else if ('toBSON' in value && typeof value.toBSON === 'function') this.append(value.toBSON());
    else if (value instanceof Date || value instanceof RegExp) this.#leaf(value);
    else this.#record(Object.entries(value));
  }

  #leaf(value: object): void {
    if ('_bsontype' in value && value._bsontype === 'Binary') this.#binary(value as Binary);
    else this.content += EJSON.stringify(value, { relaxed: true });
  }

  #binary(binary: Binary): void {
    const shown = new Binary(binary.buffer.subarray(0, Math.min(binary.position, this.most)), binary.sub_type);
    this.content += EJSON.stringify(shown, { relaxed: true });
  }

  #list(items: unknown[]): void {
    this.content += '[';
    for (const [index, item] of items.entries()) {
      if (this.#isFull()) return;
      if (index > 0) this.content += ',';
      this.append(item);
    }
    this.content += ']';
  }

  #record(fields: Iterable<[key: unknown, value: unknown]>): void {
    this.content += '{';
    let separator = '';
    for (const [key, value] of fields) {
      if (this.#isFull()) return;
      // As a document is serialized.
      if (value === undefined || typeof value === 'function') continue;
      this.content += `${separator}${JSON.stringify(key)}:`;
      separator = ',';
      this.append(value);
    }
    this.content += '}';
  }

  #isFull(): boolean {
    return this.content.length > this.most;
  }
}
