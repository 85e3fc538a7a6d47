/** `make bench-billing`: how exact and how fast metering and billing are. */
import { availableParallelism } from 'node:os';

import { type AllocationResult, measureAllocations } from './billing/allocations.ts';
import { type DeliveryResult, measureDelivery } from './billing/delivery.ts';
import { layGround } from './billing/ground.ts';
import { measureWatch, type WatchResult } from './billing/watch.ts';
import { runBench } from './command.ts';
import { aligned } from './numbers.ts';

const HELP = `Measures metering and billing on a real PostgreSQL: the error of random allocations, and how fast they are.

Usage: node e2e/bench/billing.ts [--allocations 1000000] [--windows 8000] [--pods 10000] [--seed 1] [--json]

  --allocations N   random allocations of one day, to the millisecond; 0 leaves this part out
  --windows N       windows of one hour that are sealed, frozen and sent to the peer at Stripe's live limits, by events and by
                    the event stream; 0 for none
  --pods N          pods that hold GPUs while the way from the API to the store is measured; 0 leaves this part out
  --seed N          the allocations; the same seed gives the same
  --json            print one JSON object and nothing else

Example: make bench-billing ARGS="--allocations 100000 --windows 800 --pods 1000"

PostgreSQL is started and stopped again; it runs without fsync, as in the tests. Absolute numbers depend on the machine.

Exit codes: 0 measured; 1 failed, or the error is not 0; 2 usage, or no PostgreSQL; 130 interrupted.
`;

interface Report {
  readonly cores: number;
  readonly node: string;
  readonly allocations?: AllocationResult;
  readonly delivery?: DeliveryResult;
  /** The same over the event stream. */
  readonly streamed?: DeliveryResult;
  readonly watch?: WatchResult;
}

type Row = readonly [name: string, measured: string, bound: string, met: boolean | undefined];

function table({ cores, node, allocations, delivery, streamed, watch }: Report): string {
  const rows: readonly Row[] = [
    ...(allocations === undefined ? [] : allocationRows(allocations)),
    ...(delivery === undefined ? [] : deliveryRows(delivery)),
    ...(streamed === undefined ? [] : streamRows(streamed)),
    ...(watch === undefined ? [] : watchRows(watch)),
  ];
  const shown = rows.map(([name, measured, bound, met]) => [
    name,
    measured,
    bound,
    met === undefined ? '–' : met ? 'yes' : 'no',
  ]);
  return `billing (${cores} cores, Node ${node}, PostgreSQL without fsync)\n${aligned([['', 'measured', 'bound', 'met'], ...shown])}`;
}

function allocationRows(one: AllocationResult): readonly Row[] {
  return [
    [`error of ${one.allocations} allocations, GPU-s`, one.errorSeconds, '0', one.errorSeconds === '0'],
    ['the same before rounding, GPU-ms', one.errorMillis, '0', one.errorMillis === '0'],
    ['GPU-seconds emitted', one.emitted, '–', undefined],
    ['intervals stored/s', one.intervalsPerSecond.toFixed(0), '–', undefined],
    [`windows sealed/s, of ${one.windows}`, one.windowsPerSecond.toFixed(0), '≥ 2000', one.windowsPerSecond >= 2000],
  ];
}

function deliveryRows(one: DeliveryResult): readonly Row[] {
  const total = one.sealSeconds + one.sendSeconds;
  return [
    [`seal and freeze ${one.windows} windows, s`, one.sealSeconds.toFixed(1), '–', undefined],
    [
      'sent/s, of the 1000 that Stripe takes',
      `${one.sentPerSecond.toFixed(0)} (${(one.sentPerSecond / 1000).toFixed(2)})`,
      '–',
      undefined,
    ],
    ['seal and deliver, s', total.toFixed(1), '< 15', total < 15],
    ['billed, of the true GPU-seconds', `${one.billed} of ${one.truth}`, 'equal', one.billed === one.truth],
  ];
}

function streamRows(one: DeliveryResult): readonly Row[] {
  const total = one.sealSeconds + one.sendSeconds;
  return [
    ['sent/s over the event stream (v2)', one.sentPerSecond.toFixed(0), '–', undefined],
    ['seal and deliver by it, s', total.toFixed(1), '< 15', total < 15],
    ['billed by it, of the true GPU-seconds', `${one.billed} of ${one.truth}`, 'equal', one.billed === one.truth],
  ];
}

function watchRows(one: WatchResult): readonly Row[] {
  return [
    [`pod to stored interval p50 with ${one.pods} pods, ms`, one.p50.toFixed(0), '–', undefined],
    ['pod to stored interval p99, ms', one.p99.toFixed(0), '≤ 1000', one.p99 <= 1000],
  ];
}

await runBench({
  help: HELP,
  options: {
    allocations: { usual: 1_000_000, least: 0, most: 10_000_000 },
    windows: { usual: 8000, least: 0, most: 80_000 },
    pods: { usual: 10_000, least: 0, most: 100_000 },
    seed: { usual: 1, least: 0, most: 999_999 },
  },
  measure: async ({ allocations, windows, pods, seed }, signal): Promise<Report> => {
    const ground = await layGround();
    try {
      const report = {
        cores: availableParallelism(),
        node: process.versions.node,
        ...(allocations > 0 && { allocations: await measureAllocations(ground, allocations, seed) }),
        ...(windows > 0 && { delivery: await measureDelivery(ground, windows, 'MeterEvents', signal) }),
        ...(windows > 0 && { streamed: await measureDelivery(ground, windows, 'MeterEventStream', signal) }),
        ...(pods > 0 && { watch: await measureWatch(ground, pods, signal) }),
      };
      const { allocations: first, delivery, streamed } = report;
      const areBilled = [delivery, streamed].every((one) => one?.billed === one?.truth);
      const isExact = (first?.errorSeconds ?? '0') === '0' && areBilled;
      if (!isExact) process.exitCode = 1;
      return report;
    } finally {
      await ground.close();
    }
  },
  table,
});
