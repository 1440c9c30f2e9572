import { defineConfig } from 'vitest/config'

/** What starts a server, a database, an engine or a browser, or changes its process: each file of these gets a process of its own. */
const ALONE = ['src/**/*.int.test.ts', 'web/**/*.int.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: 'test/support/prepare.ts',
    snapshotFormat: { printBasicPrototype: false },
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      // Loading the same modules for each of them again took as long as they do.
      {
        extends: true,
        test: { name: 'together', include: ['src/**/*.test.ts', 'web/**/*.test.{ts,tsx}'], exclude: ALONE, isolate: false },
      },
    ],
  },
})
