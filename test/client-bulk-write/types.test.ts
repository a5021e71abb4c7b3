import type { ClientBulkWriteModel, ClientBulkWriteResult, MongoClient } from 'ferropool';
import { expectTypeOf, it } from 'vitest';

interface Author {
  name: string;
}
interface Book {
  title: string;
  pages: number;
}
type Schemas = { 'db.authors': Author; 'db.books': Book };

it('each model has the schema of its namespace', () => {
  expectTypeOf<MongoClient['bulkWrite']>().returns.resolves.toEqualTypeOf<ClientBulkWriteResult>();
  const model: ClientBulkWriteModel<Schemas> = { name: 'insertOne', namespace: 'db.books', document: { title: 'a', pages: 1 } };
  expectTypeOf(model).toExtend<ClientBulkWriteModel<Schemas>>();
  expectTypeOf<{ name: 'insertOne'; namespace: 'db.authors'; document: { title: string; pages: number } }>().not.toExtend<ClientBulkWriteModel<Schemas>>();
  expectTypeOf<{ name: 'updateMany'; namespace: 'db.books'; filter: { title: string }; update: { $inc: { pages: number } } }>().toExtend<ClientBulkWriteModel<Schemas>>();
  expectTypeOf<{ name: 'deleteOne'; namespace: 'db.films'; filter: object }>().not.toExtend<ClientBulkWriteModel<Schemas>>();
});
