import { describe, expect, it } from 'vitest';
import { neverSupported, OutOfScope, refuseNever } from './never.mjs';

describe('what will never be supported', () => {
  it('is not made longer in passing', () => {
    expect(Object.keys(neverSupported)).toHaveLength(12);
  });

  it('says why', () => {
    expect(() => refuseNever('bucket')).toThrow(new OutOfScope('bucket'));
    expect(new OutOfScope('bucket').message).toBe('bucket: GridFS is not part of this package');
    expect(() => refuseNever('collection')).not.toThrow();
  });
});
