import { BSON_OPTION_NAMES, resolveBSONOptions, type BSONOptions, type BSONSerializeOptions } from './bson-options';
import { ReadConcern, ReadPreference, WriteConcern, type ReadConcernLike, type ReadPreferenceLike, type WriteConcernOptions } from './concerns';
import type { Profile } from './execution';
import { timeout } from './options';

/** What a kind of operation asks of the core, whatever the concerns are. One constant for each kind. */
export interface Treatment extends Pick<Profile, 'kind' | 'retryable' | 'opensCursor' | 'followsChanges' | 'computesMaxTime' | 'minWireVersion'> {
  /** Whether it is a read to which the read concern applies. @defaultValue by its kind */
  readonly takesReadConcern?: boolean;
  /** Whether only the primary may do it, unless the operation itself says otherwise. */
  readonly needsPrimary?: boolean;
}

/** The options that databases, collections and operations have alike. */
export interface SettingsOptions extends BSONSerializeOptions, WriteConcernOptions {
  /** Which servers may answer. */
  readPreference?: ReadPreferenceLike;
  /** What reads may see. */
  readConcern?: ReadConcernLike;
  /** Bounds each operation as a whole, in milliseconds, 0 for no limit ("Client Side Operations Timeout"). */
  timeoutMS?: number;
  /** Reads and writes a time series collection as it is stored, on servers from 8.2 on. */
  rawData?: boolean;
}

const INHERITED: ReadonlySet<string> = new Set([...BSON_OPTION_NAMES, 'readPreference', 'readConcern', 'writeConcern', 'timeoutMS', 'rawData']);

/** What operations take from the client, the database and the collection, each over the one before. Immutable. */
export class Settings {
  readonly readPreference: ReadPreference | undefined;
  readonly readConcern: ReadConcern | undefined;
  readonly writeConcern: WriteConcern | undefined;
  readonly bson: BSONOptions;
  /** `undefined` where nobody said it: then the older options bound each step. */
  readonly timeoutMS: number | undefined;
  readonly #rawData: boolean;
  /** Whether the read preference is the operation's own. */
  readonly #prefers: boolean;
  /** Of these, and of all that differ in nothing that is in a profile. */
  readonly #profiles: Map<Treatment, Profile>;

  constructor(options: SettingsOptions, parent?: Settings, ofOperation = false) {
    this.readPreference = ReadPreference.fromOptions(options) ?? parent?.readPreference;
    this.readConcern = ReadConcern.fromOptions(options) ?? parent?.readConcern;
    this.writeConcern = WriteConcern.fromOptions(options) ?? parent?.writeConcern;
    // The default of the official driver, not of bson: a field that is undefined is written, as null.
    this.bson = resolveBSONOptions(options, parent?.bson ?? { ignoreUndefined: false });
    if (options.timeoutMS !== undefined && options.timeoutMS !== null) timeout('timeoutMS', options.timeoutMS);
    this.timeoutMS = options.timeoutMS ?? parent?.timeoutMS;
    this.#rawData = options.rawData ?? (parent ? parent.#rawData : false);
    const profiled = options.readPreference ?? options.readConcern ?? options.writeConcern ?? options.rawData;
    this.#profiles = parent && profiled === undefined ? parent.#profiles : new Map();
    this.#prefers = ofOperation && (options.readPreference !== undefined || (parent ? parent.#prefers : false));
  }

  /** Those of one operation: these, or others where its options say something else. */
  with(options: object | undefined): Settings {
    for (const name in options) {
      if (INHERITED.has(name) && (options as Record<string, unknown>)[name] !== undefined) return new Settings(options as SettingsOptions, this, true);
    }
    return this;
  }

  /** Whether writes are answered. */
  get acknowledged(): boolean {
    return this.writeConcern?.w !== 0;
  }

  /** How the core treats an operation with these settings: always the same object. */
  profile(treatment: Treatment): Profile {
    let profile = this.#profiles.get(treatment);
    if (!profile) this.#profiles.set(treatment, (profile = this.#profile(treatment)));
    return profile;
  }

  #profile({ takesReadConcern, needsPrimary = false, ...profile }: Treatment): Profile {
    const { readPreference, readConcern, writeConcern } = this;
    const reads = profile.kind === 'read' || profile.kind === 'writing-aggregate';
    const writes = profile.kind === 'write' || profile.kind === 'writing-aggregate';
    const prefers = (reads || profile.kind === 'command') && (!needsPrimary || this.#prefers);
    return {
      ...profile,
      ...(prefers && readPreference && { readPreference: readPreference.toJSON() }),
      ...((takesReadConcern ?? reads) && readConcern && { readConcern: readConcern.toJSON() }),
      ...(writes && writeConcern && { writeConcern: writeConcern.toJSON() }),
      ...(this.#rawData && { rawData: true }),
    };
  }
}
