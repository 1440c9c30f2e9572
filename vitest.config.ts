import { defineConfig } from 'vitest/config'

/** What starts a server, a database, an engine or a browser, or changes its process: each file of these gets a process of its own. */
const ALONE = ['src/**/*.int.test.ts', 'web/**/*.int.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.ts']

/** What gives this machine other networks: a browser beside it breaks off what it loads. */
const NETWORKS = ['test/agent-hosts.e2e.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: 'test/support/prepare.ts',
    snapshotFormat: { printBasicPrototype: false },
    projects: [
      { extends: true, test: { name: 'networks', include: NETWORKS, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'alone', include: ALONE, exclude: NETWORKS, sequence: { groupOrder: 1 } } },
      // Loading the same modules for each of them again took as long as they do.
      {
        extends: true,
        test: {
          name: 'together',
          include: ['src/**/*.test.ts', 'web/**/*.test.{ts,tsx}'],
          exclude: ALONE,
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
    ],
  },
})
