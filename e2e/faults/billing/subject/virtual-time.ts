import { readFileSync } from 'node:fs';

import type { Clock } from '../../../../operator/observability/index.ts';

/** The time that the checker has written: read at each look, so that a process that was stopped sees what has passed. */
export function virtualTime(file: string): Clock {
  const now = (): number => Number(readFileSync(file, 'utf8'));
  return { now, monotonic: now, sleep: async () => undefined };
}
