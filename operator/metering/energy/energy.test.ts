import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Clock, MetricSource, Series } from '../../observability/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { collectDue } from './collector.ts';
import { drawnIn, type Reading } from './counter.ts';
import { samplesOf } from './series.ts';

const minute = 60_000;
const at = (minutes: number, millijoules: number): Reading => ({
  at: minutes * minute,
  millijoules: BigInt(millijoules),
});

type Span = readonly [from: number, to: number, millijoules: number];

test.each<[string, readonly Reading[], readonly Span[]]>([
  ['no reading: not known', [], []],
  ['one reading: not known', [at(5, 100)], []],
  ['readings on both edges', [at(0, 1000), at(4, 1400), at(8, 2000), at(10, 2500)], [[0, 10, 1500]]],
  [
    'readings around the edges: drawn evenly between them',
    [at(-2, 0), at(2, 400), at(6, 800), at(11, 1300)],
    [[0, 10, 1000]],
  ],
  [
    'the counter began again: what it shows was drawn since',
    [at(0, 9000), at(4, 9400), at(8, 300), at(10, 500)],
    [[0, 10, 900]],
  ],
  [
    'a gap in the middle: what was drawn in it is not known',
    [at(0, 0), at(2, 200), at(8, 800), at(10, 1000)],
    [
      [0, 2, 200],
      [8, 10, 200],
    ],
  ],
  ['the GPU came during it', [at(3, 50), at(7, 450), at(10, 750)], [[3, 10, 700]]],
  ['the GPU went during it', [at(-1, 0), at(4, 500), at(6, 700)], [[0, 6, 600]]],
  ['a gap over the edge', [at(-3, 0), at(3, 600), at(7, 1000), at(11, 1400)], [[3, 10, 700]]],
])('%s', (_, readings, expected) => {
  const spans = drawnIn(readings, 0, 10 * minute);
  expect(spans.map(({ from, to, millijoules }) => [from / minute, to / minute, Number(millijoules)])).toEqual(expected);
});

test('neighbouring spans add up to the counter wherever it is cut', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 300_000 }), fc.bigInt({ min: 0n, max: 10n ** 12n })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(steps, fc.array(fc.integer({ min: 0, max: 6_000_000 }), { maxLength: 5 }), (deltas, cuts) => {
      const readings: Reading[] = [{ at: 0, millijoules: 0n }];
      for (const [millis, more] of deltas) {
        const last = readings.at(-1) ?? { at: 0, millijoules: 0n };
        readings.push({ at: last.at + millis, millijoules: last.millijoules + more });
      }
      const end = readings.at(-1) ?? { at: 0, millijoules: 0n };
      const edges = [0, ...cuts.map((one) => one % end.at), end.at].toSorted((a, b) => a - b);
      const sum = edges.slice(1).reduce((total, to, index) => {
        const spans = drawnIn(readings, edges[index] ?? 0, to);
        return total + spans.reduce((part, { millijoules }) => part + millijoules, 0n);
      }, 0n);
      expect(sum).toBe(end.millijoules);
    }),
  );
});

const series = (
  labels: Readonly<Record<string, string>>,
  ...samples: readonly (readonly [number, number])[]
): Series => ({
  labels: { UUID: 'GPU-1', Hostname: 'h1', ...labels },
  samples: samples.map(([minutes, value]) => ({ at: minutes * minute, value })),
});

test.each<[string, readonly Series[], readonly string[], number]>([
  [
    'two pods in turn',
    [
      series({ namespace: 'a', pod: 'x' }, [0, 0], [4, 400]),
      series({ namespace: 'a', pod: 'y' }, [5, 500], [10, 1000]),
    ],
    ['a/x', 'a/y'],
    1000,
  ],
  [
    'two MIG instances show the one counter',
    [series({ GPU_I_ID: '1' }, [0, 0], [5, 500], [10, 1000]), series({ GPU_I_ID: '2' }, [0, 0], [5, 500], [10, 1000])],
    [],
    1000,
  ],
  [
    'labels that Prometheus renamed',
    [
      series(
        { exported_namespace: 'a', exported_pod: 'x', namespace: 'monitoring', pod: 'dcgm' },
        [0, 0],
        [5, 500],
        [10, 1000],
      ),
    ],
    ['a/x'],
    1000,
  ],
  [
    'a pod that held it before',
    [
      series({ namespace: 'a', pod: 'old' }, [-5, 0], [-1, 400]),
      series({ namespace: 'a', pod: 'x' }, [0, 500], [5, 1000], [10, 1500]),
    ],
    ['a/x'],
    1000,
  ],
])('%s', (_, found, pods, millijoules) => {
  expect(samplesOf(found, 0, 10 * minute)).toEqual([
    { gpu: 'GPU-1', node: 'h1', from: 0, to: 10 * minute, pods, millijoules: BigInt(millijoules) },
  ]);
});

test('a series that names no GPU or no node says nothing', () => {
  const nameless: Series = { labels: { UUID: 'GPU-1' }, samples: [] };
  expect(samplesOf([nameless, series({ UUID: '' }, [0, 0], [5, 5])], 0, minute)).toEqual([]);
});

const store = storeForFile();

const clockAt = (time: string): Clock => ({
  now: () => Date.parse(time),
  monotonic: () => 0,
  sleep: async () => undefined,
});
/** A counter that shows 1000 mJ for every minute since the day began, read each minute. */
const steady: MetricSource = {
  at: async (_, instant) => {
    const last = Math.floor(instant / minute);
    const samples = Array.from({ length: 26 }, (__, index) => last - 25 + index).map((minutes) => ({
      at: minutes * minute,
      value: (minutes - Date.parse('2026-01-01T00:00:00Z') / minute) * 1000,
    }));
    return [{ labels: { UUID: 'GPU-1', hostname: 'h1', namespace: 'a', pod: 'x' }, samples }];
  },
  over: async () => [],
};
const signal = new AbortController().signal;
const stored = async (): Promise<readonly string[]> => {
  const rows = await store().db.selectFrom('energy_sample').selectAll().orderBy('from_at').execute();
  return rows.map(({ gpu, from_at, to_at, millijoules }) => {
    const [from, to] = [from_at, to_at].map((time) => time.toISOString().slice(11, 16));
    return `${gpu} ${from}-${to} ${millijoules}`;
  });
};

test('each quarter of an hour is read once, when its end can be known, also those that were missed', async () => {
  const collect = (time: string): Promise<number> =>
    collectDue({ store: store(), source: steady, clock: clockAt(time) }, signal);
  expect(await collect('2026-01-01T10:04:00Z')).toBe(0);
  expect(await collect('2026-01-01T10:05:00Z')).toBe(1);
  expect(await collect('2026-01-01T10:06:00Z')).toBe(0);
  expect(await collect('2026-01-01T10:36:00Z')).toBe(2);
  expect(await stored()).toEqual(['GPU-1 09:45-10:00 15000', 'GPU-1 10:00-10:15 15000', 'GPU-1 10:15-10:30 15000']);
});
