import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { harvestAfterSeconds, type Planted } from './questions.ts';

/** What to do with a slow question today. */
export type Season =
  | { readonly kind: 'plant' }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'harvest'; readonly planted: Planted };

/** Reads what an earlier run has planted in this file. */
export function season(file: string, now: number): Season {
  if (!existsSync(file)) return { kind: 'plant' };
  const planted: Planted = JSON.parse(readFileSync(file, 'utf8'));
  const ripe = planted.at + harvestAfterSeconds;
  if (now >= ripe) return { kind: 'harvest', planted };
  return { kind: 'wait', reason: `unproved: planted, to be harvested after ${new Date(ripe * 1000).toISOString()}` };
}

/** Keeps what was planted. */
export function keep(file: string, planted: Planted): void {
  writeFileSync(file, JSON.stringify(planted));
}
