// What programs that were written for the official driver's types say: the compiler checks it (`npm run typecheck`).

import type {
  AggregationCursor,
  BulkWriteResult,
  Collection,
  DeleteResult,
  Filter,
  FindCursor,
  InferIdType,
  InsertOneResult,
  ModifyResult,
  ObjectId,
  OptionalUnlessRequiredId,
  UpdateFilter,
  UpdateResult,
  WithId,
} from 'ferropool';
import { expectTypeOf, it } from 'vitest';

interface Order {
  number: number;
  open: boolean;
  tags: string[];
  address?: { city: string };
}

interface Keyed {
  _id: string;
  value: number;
}

type Orders = Collection<Order>;

it('a document has the _id of its schema, an ObjectId without one', () => {
  expectTypeOf<InferIdType<Order>>().toEqualTypeOf<ObjectId>();
  expectTypeOf<InferIdType<Keyed>>().toEqualTypeOf<string>();
  expectTypeOf<WithId<Order>['_id']>().toEqualTypeOf<ObjectId>();
  expectTypeOf<{ number: number; open: boolean; tags: string[] }>().toExtend<OptionalUnlessRequiredId<Order>>();
  expectTypeOf<{ value: number }>().not.toExtend<OptionalUnlessRequiredId<Keyed>>();
});

it('filters know the fields, and what operators compare them with', () => {
  expectTypeOf<{ number: 7; open: true }>().toExtend<Filter<Order>>();
  expectTypeOf<{ number: { $gt: number; $in: number[] } }>().toExtend<Filter<Order>>();
  expectTypeOf<{ tags: string }>().toExtend<Filter<Order>>();
  expectTypeOf<{ tags: RegExp }>().toExtend<Filter<Order>>();
  expectTypeOf<{ $or: [{ number: 1 }, { 'address.city': 'Bern' }] }>().toExtend<Filter<Order>>();
  expectTypeOf<{ number: 'seven' }>().not.toExtend<Filter<Order>>();
  expectTypeOf<{ number: { $gt: 'seven' } }>().not.toExtend<Filter<Order>>();
});

it('updates know which fields an operator is for', () => {
  expectTypeOf<{ $set: { open: false; 'address.city': 'Bern' } }>().toExtend<UpdateFilter<Order>>();
  expectTypeOf<{ $inc: { number: 1 }; $push: { tags: 'new' } }>().toExtend<UpdateFilter<Order>>();
  expectTypeOf<{ $inc: { open: 1 } }>().not.toExtend<UpdateFilter<Order>>();
  expectTypeOf<{ $push: { number: 1 } }>().not.toExtend<UpdateFilter<Order>>();
});

it('operations give what the schema says', () => {
  const find = (orders: Orders) => orders.find({ open: true }, { sort: { number: -1 }, limit: 5 });
  expectTypeOf(find).returns.toEqualTypeOf<FindCursor<WithId<Order>>>();
  const project = (orders: Orders) => orders.find().project<{ city: string }>({ city: 1 }).map(({ city }) => city.length);
  expectTypeOf(project).returns.toEqualTypeOf<FindCursor<number>>();
  const aggregate = (orders: Orders) => orders.aggregate<{ total: number }>([{ $count: 'total' }]);
  expectTypeOf(aggregate).returns.toEqualTypeOf<AggregationCursor<{ total: number }>>();
  const findOne = (orders: Orders) => orders.findOne({ number: 7 });
  expectTypeOf(findOne).returns.resolves.toEqualTypeOf<WithId<Order> | null>();
  const overridden = (orders: Orders) => orders.findOne<{ number: string }>({});
  expectTypeOf(overridden).returns.resolves.toEqualTypeOf<{ number: string } | null>();
  const distinct = (orders: Orders) => orders.distinct('tags');
  expectTypeOf(distinct).returns.resolves.toEqualTypeOf<string[]>();
});

it('writes give what was done', () => {
  const insertOne = (orders: Orders) => orders.insertOne({ number: 1, open: true, tags: [] });
  expectTypeOf(insertOne).returns.resolves.toEqualTypeOf<InsertOneResult<Order>>();
  const update = (orders: Orders) => orders.updateMany({}, { $set: { open: false } });
  expectTypeOf(update).returns.resolves.toEqualTypeOf<UpdateResult<Order>>();
  const remove = (orders: Orders) => orders.deleteOne({ number: 7 });
  expectTypeOf(remove).returns.resolves.toEqualTypeOf<DeleteResult>();
  const modify = (orders: Orders) => orders.findOneAndUpdate({}, { $inc: { number: 1 } });
  expectTypeOf(modify).returns.resolves.toEqualTypeOf<WithId<Order> | null>();
  const whole = (orders: Orders) => orders.findOneAndUpdate({}, { $inc: { number: 1 } }, { includeResultMetadata: true });
  expectTypeOf(whole).returns.resolves.toEqualTypeOf<ModifyResult<Order>>();
  const bulk = (orders: Orders) => orders.bulkWrite([{ updateOne: { filter: { number: 1 }, update: { $set: { open: true } }, upsert: true } }]);
  expectTypeOf(bulk).returns.resolves.toEqualTypeOf<BulkWriteResult>();
});
