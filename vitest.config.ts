import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'operator/**/*.test.ts',
            'e2e/{cluster,image,fleet,peers,docs,demo,tasks,bench,faults}/**/*.test.ts',
            'dashboards/**/*.test.ts',
          ],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'scenarios',
          include: ['e2e/scenarios/**/*.test.ts', 'e2e/cluster/*.scenario.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { concurrent: false },
        },
      },
    ],
  },
});
