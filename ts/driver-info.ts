import { MongoInvalidArgumentError } from './errors';

/**
 * A library that wraps this one, as servers log it. No text may contain `|`, which separates those of several libraries; an
 * empty one is none.
 */
export interface DriverInfo {
  /** The library's name. */
  name?: string;
  /** Its version. */
  version?: string;
  /** What it runs on, where that is more than the client knows. */
  platform?: string;
}

const FIELDS = ['name', 'version', 'platform'];

/** Refuses what is no {@link DriverInfo}. What its texts may contain is the core's to say. */
export function checkDriverInfo(driverInfo: DriverInfo): void {
  if (driverInfo === null || typeof driverInfo !== 'object') {
    throw new MongoInvalidArgumentError(`A driver info must be an object, received ${String(driverInfo)}`);
  }
  for (const [field, value] of Object.entries(driverInfo)) {
    if (!FIELDS.includes(field)) {
      throw new MongoInvalidArgumentError(`Unknown field "${field}" of a driver info; allowed are ${FIELDS.join(', ')}`);
    }
    if (value !== undefined && typeof value !== 'string') {
      throw new MongoInvalidArgumentError(`The ${field} of a driver info must be a string, received ${String(value)}`);
    }
  }
}
