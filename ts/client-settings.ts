import { BSON_OPTION_NAMES, type BSONSerializeOptions } from './bson-options';
import type { MongoOptions } from './mongo-options';
import type { PrimaryKeyOptions } from './primary-key';
import { Settings, type SettingsOptions } from './settings';

/** The options of a client that concern documents: the core knows nothing of these. */
export type DocumentOptions = BSONSerializeOptions & PrimaryKeyOptions;

const NAMES: readonly string[] = [...BSON_OPTION_NAMES, 'pkFactory', 'forceServerObjectId'];

export function documentOptions(options: object): DocumentOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => NAMES.includes(name)));
}

/** The others. What is no object is refused by others. */
export function withoutDocumentOptions<T extends object>(options: T): T {
  if (options === null || typeof options !== 'object' || !NAMES.some((name) => name in options)) return options;
  return Object.fromEntries(Object.entries(options).filter(([name]) => !NAMES.includes(name))) as T;
}

/** What the databases of a client begin with. */
export function clientSettings({ readPreference, readConcern, writeConcern, timeoutMS }: MongoOptions, documents: DocumentOptions): Settings {
  return new Settings({ ...documents, readPreference, readConcern, writeConcern, timeoutMS } as SettingsOptions);
}
