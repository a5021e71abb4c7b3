// Prose tests of "Client Side Operations Timeout" for what this package does not have.

import { it } from 'vitest';

it.skip('2. maxTimeMS is not set for commands sent to mongocryptd: client-side encryption is not part of this package');
it.skip('3. ClientEncryption: client-side encryption is not part of this package');
it.skip('6. GridFS upload: GridFS is not part of this package');
it.skip('7. GridFS download: GridFS is not part of this package');
