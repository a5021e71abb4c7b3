import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The package as Node.js loads it: by its own name, from dist/, untouched by the test runner's transforms.
    server: { deps: { external: [/\/dist\//] } },
    // A process for each file: an addon with threads of its own is loaded once in each, and a crash names its file.
    pool: 'forks',
    // Servers and a busy event loop share two cores with each other; figures of time need the machine to themselves.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
