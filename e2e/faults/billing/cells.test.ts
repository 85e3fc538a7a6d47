import { afterAll, beforeAll, expect, test } from 'vitest';

import { NoPostgres } from './database.ts';
import { type Ground, layGround } from './ground.ts';
import { planCells, runCell } from './matrix.ts';
import { runPlan } from './run.ts';

/** The whole matrix is `make faults-billing`. */
const ours = [
  'K2/soon/expiry=never',
  'K5/25h/expiry=24h',
  'K6/25h/expiry=24h',
  'K10a/replica/expiry=24h',
  'hourly/K6/25h/expiry=24h',
  'stream/K5/25h/expiry=24h',
];
const seed = 1;
/** Patience for a machine that is busy with other things. */
const timeout = 900_000;

let ground: Ground | undefined;
let missing = '';

beforeAll(async () => {
  try {
    ground = await layGround();
  } catch (error) {
    if (!(error instanceof NoPostgres)) throw error;
    missing = error.message;
  }
}, timeout);
afterAll(() => ground?.close());

test.for(ours)('%s: the difference is 0 GPU-seconds', { timeout }, async (id, { skip }) => {
  const planned = planCells().find((cell) => cell.id === id);
  if (planned === undefined) throw new Error(`no cell ${id}`);
  if (ground === undefined) return skip(missing);
  const result = await runCell(planned, ground, seed);
  expect(result).toMatchObject({ lost: '0', surplus: '0', doubled: 0, violations: [] });
  expect(BigInt(result.billed)).toBeGreaterThan(0n);
});

test('the sender that has the identifier only bills twice; a small storm loses nothing', { timeout }, async ({
  skip,
}) => {
  if (ground === undefined) return skip(missing);
  const wanted = (id: string): boolean => id === 'naive/K5/25h/expiry=24h' || id === 'storm';
  const until = Number.POSITIVE_INFINITY;
  const report = await runPlan({ seed, wanted, random: 0, sends: 100, until, say: () => undefined }, ground);
  expect(report.violations).toEqual([]);
  expect(report.naive.map(({ surplus }) => BigInt(surplus) > 0n)).toEqual([true]);
  expect(report.storm?.broken).toBeGreaterThan(0);
});
