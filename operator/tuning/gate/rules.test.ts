import { describe, expect, it } from 'vitest';

import type { GateFacts, GateReason } from './facts.ts';
import { deviceOf, fixtureNow, gateFacts, minute } from './fixtures.ts';
import { coverage, judge } from './rules.ts';

interface Row {
  readonly name: string;
  readonly facts: Partial<GateFacts>;
  readonly reason: GateReason | undefined;
}

const old = (millis: number) => minute(0).map(({ at, value }) => ({ at: at - millis, value }));
const instance = { id: '1', profile: '1g.10gb' };

const rows: readonly Row[] = [
  { name: 'an idle GPU with everything exported', facts: {}, reason: undefined },
  { name: 'a busy GPU', facts: { devices: [deviceOf({ engine: minute((p) => 0.8 + p / 1000) })] }, reason: undefined },
  {
    name: 'a saturated GPU reports exactly 1',
    facts: { devices: [deviceOf({ engine: minute(1) })] },
    reason: undefined,
  },
  { name: 'no series at all', facts: { devices: [] }, reason: 'NoMetrics' },
  { name: 'a device without samples', facts: { devices: [{ ...deviceOf(), samples: {} }] }, reason: 'NoMetrics' },
  {
    name: 'two exporters for one GPU',
    facts: { devices: [deviceOf({}, { doubled: ['engine'] })] },
    reason: 'DuplicateSeries',
  },
  {
    name: 'the newest sample is 16 s old',
    facts: { devices: [deviceOf({ engine: old(16_000), util: old(16_000), power: old(16_000), energy: old(16_000) })] },
    reason: 'StaleMetrics',
  },
  {
    name: 'power and energy are fresh, activity is not',
    facts: {
      minCoveragePercent: 50,
      devices: [deviceOf({ engine: old(16_000) })],
    },
    reason: 'StaleMetrics',
  },
  {
    name: 'the newest sample is exactly as old as allowed',
    facts: {
      minCoveragePercent: 50,
      devices: [deviceOf({ engine: old(15_000), util: old(15_000), power: old(15_000), energy: old(15_000) })],
    },
    reason: undefined,
  },
  {
    name: 'fresh samples repeat old values: the energy counter stands still although watts are reported',
    facts: { devices: [deviceOf({ energy: minute((p) => (p < 20 ? p * 230_000 : 4_600_000)) })] },
    reason: 'StaleMetrics',
  },
  {
    name: 'an energy counter that stands still without watts proves nothing',
    facts: { devices: [deviceOf({ energy: minute(7), power: undefined })] },
    reason: undefined,
  },
  {
    name: 'one of two devices is stale',
    facts: { devicesExpected: 2, devices: [deviceOf(), deviceOf({ energy: minute(7) }, { uuid: 'GPU-2' })] },
    reason: 'StaleMetrics',
  },
  {
    name: 'a summarised window is allowed two of its steps',
    facts: {
      resolutionSeconds: 10,
      minCoveragePercent: 50,
      devices: [deviceOf({ engine: old(18_000), util: old(18_000), power: old(18_000), energy: old(18_000) })],
    },
    reason: undefined,
  },
  { name: 'a MIG pod with the series of the whole GPU', facts: { asksMig: true }, reason: 'MigAggregated' },
  {
    name: 'a MIG pod with its own series',
    facts: { asksMig: true, devices: [deviceOf({}, { instance })] },
    reason: undefined,
  },
  { name: 'a node with time-slicing', facts: { sharedNode: true }, reason: 'SharedDevice' },
  {
    name: 'two pods of the namespace on one GPU',
    facts: { devices: [deviceOf({}, { sharedWith: ['other'] })] },
    reason: 'SharedDevice',
  },
  { name: 'one of two GPUs is not seen', facts: { devicesExpected: 2 }, reason: 'MissingDevices' },
  {
    name: 'a ratio turned into a percentage',
    facts: { devices: [deviceOf({ engine: minute(45) })] },
    reason: 'UnitMismatch',
  },
  {
    name: 'memory in bytes instead of MiB',
    facts: { memoryMiB: 81_559, devices: [deviceOf({ memoryUsed: minute(40_000_000_000) })] },
    reason: 'UnitMismatch',
  },
  {
    name: 'memory in use below the total',
    facts: { memoryMiB: 81_559, devices: [deviceOf({ memoryUsed: minute(80_000) })] },
    reason: undefined,
  },
  {
    name: 'half a window of history',
    facts: { devices: [deviceOf({ engine: minute(0, 15) })] },
    reason: 'ShortHistory',
  },
  {
    name: 'a gap of 10 s in the middle',
    facts: { devices: [deviceOf({ engine: minute(0).filter((_, position) => position < 10 || position > 14) })] },
    reason: 'LowCoverage',
  },
  {
    name: 'only utilisation, and power to confirm it',
    facts: { devices: [deviceOf({ engine: undefined })] },
    reason: undefined,
  },
  {
    name: 'only utilisation, and no power',
    facts: { devices: [deviceOf({ engine: undefined, power: undefined, energy: undefined })] },
    reason: 'UtilOnly',
  },
  {
    name: 'a MIG instance with utilisation only',
    facts: { asksMig: true, devices: [deviceOf({ engine: undefined }, { instance })] },
    reason: 'UtilOnly',
  },
  {
    name: 'SM activity instead of engine activity',
    facts: { devices: [deviceOf({ engine: undefined, sm: minute(0) })] },
    reason: undefined,
  },
  {
    name: 'activity repeats one value while energy moves',
    facts: { devices: [deviceOf({ engine: minute(0.4321) })] },
    reason: 'FrozenSeries',
  },
  {
    name: 'no activity at the power of work',
    facts: { idleWatts: 115, devices: [deviceOf({ power: minute((p) => 550 + p) })] },
    reason: 'ContradictsPower',
  },
  {
    name: 'full activity at the power of rest',
    facts: { idleWatts: 115, devices: [deviceOf({ engine: minute((p) => 0.9 + p / 1000) })] },
    reason: 'ContradictsPower',
  },
  {
    name: 'one contradicting sample at the edge of two phases',
    facts: { idleWatts: 115, devices: [deviceOf({ power: minute((p) => (p === 12 ? 400 : 115)) })] },
    reason: undefined,
  },
  {
    name: 'power of a MIG instance is its whole GPU’s',
    facts: { idleWatts: 115, asksMig: true, devices: [deviceOf({ power: minute((p) => 300 + p) }, { instance })] },
    reason: undefined,
  },
];

describe('the quality gate', () => {
  for (const { name, facts, reason } of rows) {
    it(`${name}: ${reason ?? 'trusted'}`, () => {
      expect(judge(gateFacts(facts))?.reason).toBe(reason);
    });
  }

  it('says what is wrong in words that do not change from pass to pass', () => {
    for (const { facts } of rows) {
      const finding = judge(gateFacts(facts));
      if (finding === undefined) continue;
      expect(finding.message.length).toBeGreaterThan(40);
      expect(judge(gateFacts({ ...facts, now: fixtureNow + 1 }))?.message).toBe(finding.message);
    }
  });
});

describe('coverage', () => {
  const table = [
    { name: 'a full minute', samples: minute(0), seconds: 60, percent: 100 },
    { name: 'half a minute', samples: minute(0, 15), seconds: 60, percent: 50 },
    { name: 'one sample has no interval', samples: minute(0, 1), seconds: 60, percent: 0 },
    { name: 'nothing', samples: [], seconds: 60, percent: 0 },
  ];
  for (const { name, samples, seconds, percent } of table) {
    it(`${name} is ${percent} %`, () => expect(coverage(samples, seconds)).toBe(percent));
  }
});
