import type { Document } from 'bson';
import { MongoInvalidArgumentError } from './errors';
import type { ReadPreferenceFields } from './execution';

export const ReadPreferenceMode = Object.freeze({
  primary: 'primary',
  primaryPreferred: 'primaryPreferred',
  secondary: 'secondary',
  secondaryPreferred: 'secondaryPreferred',
  nearest: 'nearest',
} as const);
export type ReadPreferenceMode = keyof typeof ReadPreferenceMode;

const MODES: ReadonlySet<unknown> = new Set(Object.values(ReadPreferenceMode));

/** A set of tags that a server has to have. */
export type TagSet = Readonly<Record<string, string>>;

export interface ReadPreferenceOptions {
  /** How far a secondary may be behind, in seconds, at least 90. */
  maxStalenessSeconds?: number;
  hedge?: { enabled?: boolean };
}

/** What may be given for a read preference. */
export type ReadPreferenceLike = ReadPreference | ReadPreferenceMode | ReadPreferenceFields;

/** Which servers reads go to ("Server Selection"). */
export class ReadPreference implements ReadPreferenceFields {
  readonly mode: ReadPreferenceMode;
  readonly tags?: TagSet[];
  readonly maxStalenessSeconds?: number;
  readonly hedge?: { enabled?: boolean };

  static readonly PRIMARY = 'primary';
  static readonly PRIMARY_PREFERRED = 'primaryPreferred';
  static readonly SECONDARY = 'secondary';
  static readonly SECONDARY_PREFERRED = 'secondaryPreferred';
  static readonly NEAREST = 'nearest';
  static readonly primary = new ReadPreference('primary');
  static readonly primaryPreferred = new ReadPreference('primaryPreferred');
  static readonly secondary = new ReadPreference('secondary');
  static readonly secondaryPreferred = new ReadPreference('secondaryPreferred');
  static readonly nearest = new ReadPreference('nearest');

  /** @throws {@link MongoInvalidArgumentError} */
  constructor(mode: ReadPreferenceMode, tags?: readonly TagSet[] | null, options: ReadPreferenceOptions = {}) {
    if (!ReadPreference.isValid(mode)) throw new MongoInvalidArgumentError(`Invalid read preference mode ${JSON.stringify(mode)}`);
    if (tags && !Array.isArray(tags)) throw new MongoInvalidArgumentError('ReadPreference tags must be an array');
    const { maxStalenessSeconds, hedge } = options ?? {};
    if (maxStalenessSeconds !== undefined && !(maxStalenessSeconds > 0)) {
      throw new MongoInvalidArgumentError('maxStalenessSeconds must be a positive integer');
    }
    if (mode === 'primary') {
      if (tags && tags.length > 0) throw new MongoInvalidArgumentError('Primary read preference cannot be combined with tags');
      if (maxStalenessSeconds !== undefined) throw new MongoInvalidArgumentError('Primary read preference cannot be combined with maxStalenessSeconds');
      if (hedge) throw new MongoInvalidArgumentError('Primary read preference cannot be combined with hedge');
    }
    this.mode = mode;
    if (tags) this.tags = [...tags];
    if (maxStalenessSeconds !== undefined) this.maxStalenessSeconds = maxStalenessSeconds;
    if (hedge) this.hedge = hedge;
  }

  /** The same as `mode`. */
  get preference(): ReadPreferenceMode {
    return this.mode;
  }

  static fromString(mode: string): ReadPreference {
    return new ReadPreference(mode as ReadPreferenceMode);
  }

  /** The one that options ask for; `undefined` where they ask for none. */
  static fromOptions(options?: { readPreference?: ReadPreferenceLike | undefined; readPreferenceTags?: readonly TagSet[]; hedge?: { enabled?: boolean } }): ReadPreference | undefined {
    const given = options?.readPreference;
    if (given === undefined || given === null) return undefined;
    const { readPreferenceTags, hedge } = options as { readPreferenceTags?: TagSet[]; hedge?: { enabled?: boolean } };
    if (typeof given === 'string') return new ReadPreference(given, readPreferenceTags, hedge && { hedge });
    if (given instanceof ReadPreference && !readPreferenceTags && !hedge) return given;
    if (typeof given !== 'object') throw new MongoInvalidArgumentError(`Invalid read preference: ${String(given)}`);
    // A plain object of the older interface says `preference`.
    const mode = given.mode ?? (given as { preference?: string }).preference;
    return new ReadPreference(mode as ReadPreferenceMode, given.tags ?? readPreferenceTags, { ...given, ...(hedge && { hedge }) });
  }

  static isValid(mode: string): boolean {
    return MODES.has(mode);
  }

  isValid(mode?: string): boolean {
    return ReadPreference.isValid(mode ?? this.mode);
  }

  /** Whether a server that is not the primary may answer. */
  secondaryOk(): boolean {
    return this.mode !== 'primary';
  }

  equals(other: ReadPreference): boolean {
    return other.mode === this.mode;
  }

  toJSON(): ReadPreferenceFields {
    const { mode, tags, maxStalenessSeconds, hedge } = this;
    return { mode, ...(tags && { tags }), ...(maxStalenessSeconds !== undefined && { maxStalenessSeconds }), ...(hedge && { hedge }) };
  }
}

export const ReadConcernLevel = Object.freeze({ local: 'local', majority: 'majority', linearizable: 'linearizable', available: 'available', snapshot: 'snapshot' } as const);
export type ReadConcernLevel = keyof typeof ReadConcernLevel;

/** What may be given for a read concern. */
export type ReadConcernLike = ReadConcern | { level: ReadConcernLevel } | ReadConcernLevel;

/** What reads may see ("Read and Write Concern"). */
export class ReadConcern {
  static readonly LOCAL = 'local';
  static readonly MAJORITY = 'majority';
  static readonly LINEARIZABLE = 'linearizable';
  static readonly AVAILABLE = 'available';
  static readonly SNAPSHOT = 'snapshot';

  constructor(readonly level: ReadConcernLevel) {}

  /** The one that options ask for; `undefined` where they ask for none. */
  static fromOptions(options?: { readConcern?: ReadConcernLike | undefined; level?: ReadConcernLevel }): ReadConcern | undefined {
    const given = options?.readConcern;
    if (given instanceof ReadConcern) return given;
    const level = typeof given === 'string' ? given : (given?.level ?? options?.level);
    return level && new ReadConcern(level);
  }

  toJSON(): Document {
    return { level: this.level };
  }
}

export type W = number | 'majority' | (string & {});

export interface WriteConcernSettings {
  /** How many members acknowledge, or which. */
  w?: W;
  /** How long to wait for them, in milliseconds. */
  wtimeoutMS?: number;
  /** Whether it has to be in the journal. */
  journal?: boolean;
  /** The same as `journal`. */
  j?: boolean;
  /** The same as `wtimeoutMS`. */
  wtimeout?: number;
}

export interface WriteConcernOptions {
  /** What writes wait for. */
  writeConcern?: WriteConcern | WriteConcernSettings | W;
}

/** What writes wait for ("Read and Write Concern"). */
export class WriteConcern {
  readonly w?: W;
  readonly journal?: boolean;
  readonly wtimeoutMS?: number;

  constructor(w?: W, wtimeoutMS?: number, journal?: boolean) {
    // A connection string's text for a number.
    if (w !== undefined && w !== null) this.w = Number.isNaN(Number(w)) ? w : Number(w);
    if (wtimeoutMS !== undefined && wtimeoutMS !== null) this.wtimeoutMS = wtimeoutMS;
    if (journal !== undefined && journal !== null) this.journal = journal;
  }

  /** The same as `journal`. */
  get j(): boolean | undefined {
    return this.journal;
  }

  /** The same as `wtimeoutMS`. */
  get wtimeout(): number | undefined {
    return this.wtimeoutMS;
  }

  /** The one that options ask for; `undefined` where they ask for none. What they leave open is inherited. */
  static fromOptions(options?: WriteConcernOptions | W, inherit?: WriteConcernOptions | WriteConcern): WriteConcern | undefined {
    if (options === undefined || options === null) return undefined;
    const given = typeof options === 'object' ? options.writeConcern : options;
    const parent = inherit instanceof WriteConcern ? inherit : inherit?.writeConcern;
    const { w, wtimeoutMS, journal } = { ...fieldsOf(parent), ...fieldsOf(given) };
    return w === undefined && wtimeoutMS === undefined && journal === undefined ? undefined : new WriteConcern(w, wtimeoutMS, journal);
  }

  /** As commands carry it. */
  toJSON(): Document {
    const { w, wtimeoutMS, journal } = this;
    return { ...(w !== undefined && { w }), ...(wtimeoutMS !== undefined && { wtimeout: wtimeoutMS }), ...(journal !== undefined && { j: journal }) };
  }
}

function fieldsOf(given: WriteConcernOptions['writeConcern']): Pick<WriteConcernSettings, 'w' | 'wtimeoutMS' | 'journal'> {
  if (given === undefined || given === null) return {};
  if (typeof given !== 'object') return { w: given };
  const { w, wtimeoutMS = given.wtimeout, journal = given.j } = given;
  return { ...(w !== undefined && { w }), ...(wtimeoutMS !== undefined && { wtimeoutMS }), ...(journal !== undefined && { journal }) };
}
