import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigMap, Pod } from '../../kube/index.ts';
import { type Act, runPass, type Thing, thing, VirtualClock } from '../../runtime/testing/index.ts';
import { newPlanner } from '../controller.fixture.ts';
import { job, NOW, node, pod, pool, tenant } from '../world.fixture.ts';
import { ended } from './ended.fixture.ts';
import { RUN_TIMES } from './record.ts';
import { lastRuns, parseRuns, type Run, type Runs, runsText } from './runs.ts';

const MIB = 1024 * 1024;
const key = { namespace: 'gpuopt-system', name: RUN_TIMES };
const at = (minute: number): string => `2027-01-10T06:${String(minute).padStart(2, '0')}:00Z`;

/** Another tenant has the whole pool from nine o'clock on: who starts now must be known to end before. */
const ground: readonly Thing[] = [
  node('n1'),
  pool('main', {
    reservations: [
      { name: 'train', tenant: 'other', gpus: 8, startTime: '2027-01-10T09:00:00Z', durationSeconds: 3600 },
    ],
  }),
  tenant('acme'),
  tenant('other'),
];
const nightly = [job('nightly-28800', 1), pod('p', { job: 'nightly-28800' })];
const history = [ended('a', 'nightly-1', 20), ended('b', 'nightly-2', 25), ended('c', 'nightly-3', 30)];

const isWrite = (act: Act): boolean => 'kind' in act && act.kind === 'configmaps';

const process = (world: readonly Thing[], intercept?: Parameters<typeof runPass>[1]['intercept']) =>
  runPass(newPlanner(new VirtualClock()), { world, now: NOW, intercept });

describe('how long pods ran', () => {
  it('outlives the pods and the process: what was learned lets a pod run before a booking', async () => {
    const first = await process([...ground, ...history]);
    const kept = first.get(ConfigMap, key);
    expect(kept?.data?.runs).toBe(
      `acme/Job/nightly ${at(20)}/1200s/pod-a ${at(25)}/1500s/pod-b ${at(30)}/1800s/pod-c\n`,
    );
    const isGated = async (...more: readonly Thing[]): Promise<boolean> => {
      const { get } = await process([...ground, ...nightly, ...more]);
      return (get(Pod, { namespace: 'acme', name: 'p' })?.spec?.schedulingGates ?? []).length > 0;
    };
    expect([await isGated(), await isGated(thing(ConfigMap, kept as ConfigMap))]).toEqual([true, false]);
  });

  it('is written once, and joined with what another leader kept', async () => {
    const before = thing(ConfigMap, { metadata: key, data: { runs: `acme/Job/else ${at(9)}/540s/1234abcd\n` } });
    const bench = await process([...ground, ...history, before]);
    const written = bench.get(ConfigMap, key)?.data?.runs ?? '';
    expect([...parseRuns(written)].map(([owner, runs]) => [owner, runs.length])).toEqual([
      ['acme/Job/else', 1],
      ['acme/Job/nightly', 3],
    ]);
    const next = await process([...ground, ...history, thing(ConfigMap, bench.get(ConfigMap, key) as ConfigMap)]);
    expect(next.acts.filter(isWrite)).toEqual([]);
  });

  it('is not waited for: where it cannot be written, pods start all the same', async () => {
    const { get, acts } = await process([...ground, ...history, ...nightly], (act) => {
      if (isWrite(act)) throw new Error('no');
    });
    expect(get(ConfigMap, key)).toBeUndefined();
    expect(get(Pod, { namespace: 'acme', name: 'p' })?.spec?.schedulingGates ?? []).toEqual([]);
    expect(acts.length).toBeGreaterThan(0);
  });
});

const run: fc.Arbitrary<Run> = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{8}$/),
  ended: fc.integer({ min: 1_800_000_000, max: 1_900_000_000 }),
  seconds: fc.integer({ min: 1, max: 999_999_999 }),
});
const known: fc.Arbitrary<Runs> = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z]{1,3}\/Job\/[a-z]{1,3}$/), fc.array(run, { minLength: 1, maxLength: 30 })), {
    maxLength: 12,
  })
  .map((entries) => new Map(entries));

describe('the text of runs', () => {
  it('says what is kept and no more: read again it is the same, and the last runs of an owner are in it', () => {
    fc.assert(
      fc.property(known, known, (left, right) => {
        const kept = lastRuns(left, right);
        expect(parseRuns(runsText(kept))).toEqual(kept);
        expect(lastRuns(kept, kept)).toEqual(kept);
        for (const [owner, runs] of kept) {
          const all = [...(left.get(owner) ?? []), ...(right.get(owner) ?? [])];
          expect(runs.length).toBe(Math.min(20, new Set(all.map(({ id }) => id)).size));
          expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('stays below half a MiB whatever ran, and forgets the owners of whom nothing ended for longest', () => {
    const owner = (index: number): string => `${'n'.repeat(63)}/${'K'.repeat(63)}/${'o'.repeat(245)}${index}`;
    const runs = Array.from({ length: 50 }, (_, index) => ({
      id: `1234ab${index}`,
      ended: 1_800_000_000,
      seconds: 1e8,
    }));
    const many = new Map(
      Array.from({ length: 400 }, (_, index) => [
        owner(index),
        runs.map((one) => ({ ...one, ended: one.ended + index })),
      ]),
    );
    const kept = lastRuns(many);
    expect(runsText(kept).length).toBeLessThan(MIB / 2);
    expect([kept.size, kept.has(owner(0)), kept.has(owner(399))]).toEqual([256, false, true]);
  });

  it.each(['', 'acme/Job/a', 'acme/Job/a soon', 'acme/Job/a 2027-13-41T00:00:00Z/5s/x', '{"json": true}'])(
    'passes over what it does not understand: %j',
    (text) => {
      expect(parseRuns(text)).toEqual(new Map());
    },
  );
});
