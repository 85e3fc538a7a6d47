import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { gpuTrial } from '../faults/gpu-trial.ts';
import { openHarness, type Trial } from '../faults/harness.ts';
import { choice } from '../faults/plan/choose.ts';
import type { Plan } from '../faults/plan/plan.ts';
import { selfTest } from '../faults/planted/self-test.ts';
import { Checker, type Report } from '../faults/run/run.ts';
import { soak } from '../faults/soak/soak.ts';

/** Small workloads: the whole set is `make faults-runtime`. */
const WORKLOADS: ReadonlySet<string> = new Set(['tenant', 'pool', 'prices']);
/** Crashes run one at a time, so only these. */
const CRASHES: ReadonlySet<string> = new Set(['tenant/kill-before/1', 'tenant/away/4', 'prices/kill-after/1']);
/** Patience for a machine that is busy with other things. */
const TIMEOUT_MILLIS = 900_000;
const NEVER = Number.POSITIVE_INFINITY;
const quiet = (): void => undefined;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
});

afterAll(async () => {
  await cluster?.release();
});

function smallSet(plans: readonly Plan[]): readonly Plan[] {
  const crashes = plans.filter(({ id }) => CRASHES.has(id));
  const others = plans.filter(({ id, injection: { fault } }) => !id.includes('kill') && !slow.has(fault));
  return [...crashes, ...choice({ seed: 1, sample: 1 })(others)];
}

const slow: ReadonlySet<string> = new Set(['hang', 'blackhole', 'away', 'restart', 'compaction']);

async function check(trial: Trial): Promise<Report> {
  const harness = await openHarness(cluster, 'scenario', trial);
  try {
    const checker = new Checker(harness, trial);
    const traces = await checker.learn();
    const replay = ({ id }: Plan): string => `make faults-runtime ARGS="--plan ${id}"`;
    return await checker.run(traces, { choose: smallSet, silenceMillis: 6_000, until: NEVER, replay, say: quiet });
  } finally {
    await harness.close();
  }
}

describe('the operator under faults', () => {
  test('ends like the clean runs after each of a small set of faults, and falls silent', {
    timeout: TIMEOUT_MILLIS,
  }, async (ctx) => {
    if (cluster.record.kind !== 'built') ctx.skip('the checker needs the built cluster; unset KUBECONFIG_E2E');
    const trial = await gpuTrial(cluster);
    const report = await check({
      ...trial,
      quietMillis: 6_000,
      workloads: trial.workloads.filter(({ name }) => WORKLOADS.has(name)),
    });
    expect(report.violations).toEqual([]);
    expect([report.lost, report.duplicated]).toEqual([0, 0]);
    expect(report.injected).toBeGreaterThan(25);
    expect(Object.keys(report.points)).toEqual(
      expect.arrayContaining(['gpuopt-gpupool', 'gpuopt-planner', 'gpuopt-pricebook', 'gpuopt-tenant']),
    );
  });
});

describe('the checker', () => {
  test('catches planted mistakes and passes the program without one', { timeout: TIMEOUT_MILLIS }, async (ctx) => {
    if (cluster.record.kind !== 'built') ctx.skip('the checker needs the built cluster; unset KUBECONFIG_E2E');
    const programs = ['double-create', 'swallows-errors', 'memory-as-truth'];
    const chosen = (program: string): boolean => programs.includes(program);
    const outcome = await selfTest(cluster, { programs: chosen, sample: 1, say: quiet });
    expect(outcome.missed).toEqual([]);
    expect(outcome.caught).toBe(programs.length);
    expect(outcome.verdicts[0]?.plans).toBeGreaterThan(10);
  });
});

describe('the soak', () => {
  test('counts events, samples memory and fits a line', async (ctx) => {
    if (cluster.record.kind !== 'built') ctx.skip('the soak needs the built cluster; unset KUBECONFIG_E2E');
    const result = await soak(cluster, { millis: 30_000, toys: 20, say: quiet }, new AbortController().signal);
    expect(result.events).toBeGreaterThan(100);
    expect(result.samples.length).toBeGreaterThan(40);
    expect(result.slope.low).toBeLessThanOrEqual(result.slope.high);
    expect(Math.min(...result.samples.map(({ rssMiB }) => rssMiB))).toBeGreaterThan(10);
  });
});
