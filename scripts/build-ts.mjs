// TypeScript is compiled once, to CommonJS. The ESM entry re-exports that one instance: two copies of the module would
// be two sets of classes, and `instanceof MongoServerError` would depend on who imported first.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { bin, must, root } from './process.mjs';

export async function buildTypeScript() {
  const dist = path.join(root, 'dist');
  // A file whose source is gone must not be published.
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  await must(process.execPath, [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  copyAddonTypings(dist);
  writeFileSync(path.join(dist, 'index.mjs'), await esmEntry());
  writeFileSync(path.join(dist, 'index.d.mts'), "export * from './index.js';\n");
}

/** Names, not `export *`: that would also export CommonJS's `__esModule`. Loading the package to read them proves it loads. */
async function esmEntry() {
  const print = "console.log(Object.keys(require('./dist/index.js')).join(', '))";
  const { output } = await must(process.execPath, ['-e', print], { quiet: true });
  return `import ferropool from './index.js';\n\nexport const { ${output.trim()} } = ferropool;\n`;
}

/** tsc leaves a declaration file where it is; a public type that mentions one of the addon's needs it beside it. */
function copyAddonTypings(dist) {
  const mentions = (name) => readFileSync(path.join(dist, name), 'utf8').includes("'./addon");
  if (readdirSync(dist).some((name) => name.endsWith('.d.ts') && mentions(name))) {
    cpSync(path.join(root, 'ts', 'addon.d.ts'), path.join(dist, 'addon.d.ts'));
  }
}
