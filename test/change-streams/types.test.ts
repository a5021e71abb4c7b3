// What programs that were written for the official driver's types say: the compiler checks it (`npm run typecheck`).

import type { ChangeStream, ChangeStreamDocument, ChangeStreamInsertDocument, Collection, Db, MongoClient, ObjectId, ResumeToken } from 'ferropool';
import { expectTypeOf, it } from 'vitest';

interface Order {
  number: number;
}

it('a collection’s changes have its schema, or what the caller says', () => {
  const watchAll = (collection: Collection<Order>, db: Db, client: MongoClient): void => {
    expectTypeOf(collection.watch()).toEqualTypeOf<ChangeStream<Order>>();
    expectTypeOf(collection.watch([], { fullDocument: 'required' })).toEqualTypeOf<ChangeStream<Order>>();
    expectTypeOf(collection.watch<Order, { n: number }>([{ $project: { n: 1 } }])).toEqualTypeOf<ChangeStream<Order, { n: number }>>();
    expectTypeOf(db.watch({ resumeAfter: {} })).toEqualTypeOf<ChangeStream>();
    expectTypeOf(client.watch<Order>()).toEqualTypeOf<ChangeStream<Order>>();
  };
  expectTypeOf(watchAll).toBeFunction();
  type Watched = ChangeStream<Order>;
  expectTypeOf<Awaited<ReturnType<Watched['next']>>>().toEqualTypeOf<ChangeStreamDocument<Order>>();
  expectTypeOf<Awaited<ReturnType<Watched['tryNext']>>>().toEqualTypeOf<ChangeStreamDocument<Order> | null>();
  expectTypeOf<Awaited<ReturnType<ChangeStream<Order, { n: number }>['next']>>>().toEqualTypeOf<{ n: number }>();
  expectTypeOf<Watched['resumeToken']>().toEqualTypeOf<ResumeToken>();
});

it('a change is narrowed by its operation', () => {
  type Inserted = Extract<ChangeStreamDocument<Order>, { operationType: 'insert' }>;
  expectTypeOf<Inserted>().toEqualTypeOf<ChangeStreamInsertDocument<Order>>();
  expectTypeOf<Inserted['fullDocument']>().toEqualTypeOf<Order>();
  expectTypeOf<Inserted['documentKey']['_id']>().toEqualTypeOf<ObjectId>();
  type Deleted = Extract<ChangeStreamDocument<Order>, { operationType: 'delete' }>;
  expectTypeOf<Deleted>().not.toHaveProperty('fullDocument');
  expectTypeOf<Extract<ChangeStreamDocument<Order>, { operationType: 'update' }>['updateDescription']['updatedFields']>().toEqualTypeOf<Partial<Order> | undefined>();
});

it('listeners get what the stream gives', () => {
  const listen = (stream: ChangeStream<Order>): void => {
    stream.on('change', (change) => expectTypeOf(change).toEqualTypeOf<ChangeStreamDocument<Order>>());
    stream.on('error', (error) => expectTypeOf(error).toEqualTypeOf<Error>());
  };
  expectTypeOf(listen).toBeFunction();
});
