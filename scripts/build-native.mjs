#!/usr/bin/env node
// Builds the addon and leaves it as `ferropool.node`, under no second name, where node-gyp-build and prebuildify look.
//
// In the repository @napi-rs/cli drives cargo and writes the typings of what `#[napi]` exports. An installed
// package that falls back to a build from source has no development dependencies, so there cargo is called alone.
// This is the only script that is published: it imports nothing but Node's own modules.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = path.join(root, 'crates', 'node', 'Cargo.toml');
const crate = 'ferropool-node';

/**
 * @param {object} options
 * @param {boolean} [options.debug] cargo's dev profile, for a quick build
 * @param {string} [options.target] a target triple, the host's by default
 * @returns {Promise<string>} the addon's path
 */
export async function buildNative({ debug = false, target = process.env.FERROPOOL_TARGET } = {}) {
  const outputDir = path.join(root, 'build', debug ? 'Debug' : 'Release');
  mkdirSync(outputDir, { recursive: true });
  const cli = resolveNapiCli();
  if (cli) await buildWithNapi(cli, { debug, target, outputDir });
  else buildWithCargo({ debug, target, outputDir });
  return path.join(outputDir, 'ferropool.node');
}

function resolveNapiCli() {
  try {
    return createRequire(import.meta.url).resolve('@napi-rs/cli');
  } catch {
    return undefined;
  }
}

async function buildWithNapi(cli, { debug, target, outputDir }) {
  const imported = await import(pathToFileURL(cli).href);
  const { NapiCli } = imported.default ?? imported;
  const { task } = await new NapiCli().build({
    cwd: root,
    manifestPath: manifest,
    outputDir,
    dts: path.relative(outputDir, path.join(root, 'ts', 'addon.d.ts')),
    release: !debug,
    ...(target && { target }),
  });
  await task;
}

function buildWithCargo({ debug, target, outputDir }) {
  // Inside build/ and removed afterwards: the intermediate files of a build that happens once are a hundred times the
  // addon's size, in a user's node_modules.
  const scratch = process.env.CARGO_TARGET_DIR === undefined ? path.join(root, 'build', 'cargo') : undefined;
  const targetDir = scratch ?? path.resolve(root, process.env.CARGO_TARGET_DIR);
  const args = ['build', '--manifest-path', manifest, '--package', crate, '--target-dir', targetDir];
  if (!debug) args.push('--release');
  if (target) args.push('--target', target);
  cargo(args);

  const library = libraryName(crate.replaceAll('-', '_'));
  const built = path.join(targetDir, target ?? '', debug ? 'debug' : 'release', library);
  // Renamed into place: a process that has the former addon mapped keeps it whole.
  const partial = path.join(outputDir, `ferropool.${process.pid}.partial`);
  copyFileSync(built, partial);
  renameSync(partial, path.join(outputDir, 'ferropool.node'));
  if (scratch) rmSync(scratch, { recursive: true, force: true });
}

function libraryName(name) {
  if (process.platform === 'win32') return `${name}.dll`;
  return process.platform === 'darwin' ? `lib${name}.dylib` : `lib${name}.so`;
}

function cargo(args) {
  const { error, status } = spawnSync('cargo', args, { cwd: root, stdio: 'inherit' });
  if (error?.code === 'ENOENT') {
    throw new Error(
      `ferropool has no prebuilt binary for ${process.platform}-${process.arch}, and building it needs cargo, ` +
        'which is not on the PATH: install Rust 1.92 or newer and run the installation again',
    );
  }
  if (error) throw error;
  if (status !== 0) throw new Error(`cargo ${args[0]} failed with exit code ${status}`);
}

/** node-gyp names its configurations Debug and Release; a person types --debug. */
function readArguments() {
  const { values } = parseArgs({
    options: { debug: { type: 'boolean' }, configuration: { type: 'string' }, target: { type: 'string' } },
  });
  return {
    debug: values.debug === true || values.configuration === 'Debug',
    ...(values.target && { target: values.target }),
  };
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  buildNative(readArguments()).then(
    (addon) => console.log(`built ${path.relative(root, addon)}`),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
