// The documents that mongod is loaded with: those of the stub, `crates/stub/src/canned/documents.rs`.

import { ObjectId } from 'bson';

const epoch = 1_700_000_000_000;

/** A user account, about 200 bytes. */
export function small(number) {
  return { _id: number, ...account(number) };
}

/** The same without an `_id`, as it is inserted. */
export function account(number) {
  return {
    name: `User Name ${number}`,
    email: `user${number}@example.com`,
    age: 20 + (number % 50),
    active: true,
    score: number * 1.5,
    created: new Date(epoch + number),
    tags: ['alpha', 'beta'],
    note: 'xxxxxxxxxxxxxxxxxxxx',
  };
}

/** An article with a dozen fields and an address, about 1 KB. */
export function large(number) {
  const document = {
    _id: number,
    title: `Document ${number}`,
    created: new Date(epoch + number),
    views: number * 3,
    rating: number / 7,
    flags: { a: true, b: false, c: null },
    tags: ['red', 'green', 'blue', 'yellow'],
  };
  for (let field = 0; field < 12; field += 1) {
    const text = `value of the field number ${field} in ${number} ${'y'.repeat(60)}`;
    document[`field${field}`] = field % 3 === 0 ? text : field * number + 0.5;
  }
  document.body = 'lorem ipsum '.repeat(24);
  document.sub = { street: '1 Main St', city: 'Springfield', zip: 12345, geo: { lat: 1.5, lon: 2.5 } };
  return document;
}

/** The same with an ObjectId, and with text beyond ASCII. */
export function mixed(number) {
  const seconds = (epoch / 1000).toString(16);
  return {
    ...large(number),
    _id: new ObjectId(`${seconds}${number.toString(16).padStart(16, '0')}`),
    title: `Größe №${number} — 東京`,
    tags: ['rouge', 'grün', 'bleu', 'jaune'],
    body: 'lorem ipsum — naïve '.repeat(13),
    sub: { street: 'Rue de l’Église 1', city: 'Zürich', zip: 8001, geo: { lat: 47.25, lon: 8.5 } },
    number,
  };
}
