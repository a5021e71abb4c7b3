// Where V8 has seen arrays outlive collections, it makes the next ones of the same place among old objects, and documents in
// them are not collected young. What `toArray` gives is therefore of no such place.

import { expect, it } from 'vitest';

import { runProgram } from '../support/child';
import { useStub } from '../support/stub';

const stub = useStub();

it('toArray makes its array of no place in the code that the engine learns from', async () => {
  const program = `
    import { setFlagsFromString } from 'node:v8';
    setFlagsFromString('--allow-natives-syntax');
    const isOfAPlace = new Function('array', 'return %PretenureAllocationSite(array)');
    const made = () => [];
    const client = new MongoClient(${JSON.stringify(stub.current.uri)});
    const collection = client.db('db').collection('c');
    await collection.insertMany(Array.from({ length: 20 }, (_, _id) => ({ _id })));
    const places = { literal: [], toArray: [] };
    for (let times = 0; times < 100; times += 1) {
      places.literal.push(isOfAPlace(made()));
      const array = await collection.find({}).toArray();
      places.toArray.push(isOfAPlace(array));
      if (array.length !== 20) throw new Error(array.length + ' documents');
    }
    await client.close();
    console.log(JSON.stringify(places));
  `;
  const { code, stdout, stderr } = await runProgram(program);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const places = JSON.parse(stdout) as { literal: boolean[]; toArray: boolean[] };
  expect(places.literal).toContain(true);
  expect(places.toArray).not.toContain(true);
});
