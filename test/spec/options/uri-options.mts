// The runner of the URI options tests: options and warnings.

import { checkOptions, checkWarning } from './check.mjs';
import { uriFormat, type UriTest } from './file.mjs';

interface UriOptionsTest extends UriTest {
  readonly warning: boolean | null;
  readonly options: Readonly<Record<string, unknown>> | null;
}

export const uriOptionsFormat = uriFormat<UriOptionsTest>(
  'uri-options/tests',
  (test, opened) => checkOptions(test.options, opened) ?? checkWarning(test.warning, opened),
  {
    'Valid options specific to single-threaded drivers are parsed correctly':
      'the option is for single-threaded drivers, and the core has threads: it is an unknown option, with a warning',
  },
);
