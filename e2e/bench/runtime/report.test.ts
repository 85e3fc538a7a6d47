import { describe, expect, it } from 'vitest';
import type { SideRound } from './measure.ts';
import { compare } from './report.ts';
import { judge } from './targets.ts';

const side: SideRound = {
  first: {
    secondsToSynced: 1,
    secondsToAllReady: 10,
    perSecond: 100,
    reconciles: 2000,
    reconcilesPerSecond: 200,
    writes: 2000,
    cpuSeconds: 4,
    serverCpuSeconds: 8,
    peakRssMiB: 100,
  },
  churn: { changes: 10, p50Millis: 5, p99Millis: 10, writes: 20, cpuSeconds: 1 },
  noOps: { passes: 1000, perSecond: 4000, writes: 0, cpuSeconds: 1 },
  right: 1000,
  podEvents: { events: 500, idleCpuPercent: 0.5, cpuMicrosPerEvent: 40 },
  restart: {
    secondsToSynced: 2,
    cpuSecondsToSynced: 1,
    loopDelayP99Millis: 20,
    podsCached: 1000,
    seconds: 5,
    cpuSeconds: 2,
    writes: 1000,
    rssMiB: 150,
    peakRssMiB: 200,
  },
};
const restart = { ...side.restart, rssMiB: 300, secondsToSynced: 4 };
const slower: SideRound = { ...side, noOps: { ...side.noOps, perSecond: 1000 }, restart };

describe('compare', () => {
  const cases = [
    { name: 'no-op passes/s', ratio: 0.25, met: false, why: 'a quarter of their rate' },
    { name: 'restart: start to synced cache, s', ratio: 0.5, met: false, why: 'half as fast: it takes twice as long' },
    { name: 'restart: RSS with all pods, MiB', ratio: 2, met: false, why: 'twice their memory' },
    { name: 'first run: CPU, s', ratio: 1, met: true, why: 'equal' },
  ];
  it.each(cases)('$name: $why', ({ name, ratio, met }) => {
    const found = compare({ results: [{ ours: slower, theirs: side }] }).find((row) => row.name === name);
    expect(found).toMatchObject({ ratio, met });
  });

  it('takes the median of the ratios of the rounds, not the ratio of the medians', () => {
    const rates = [
      [1000, 1000],
      [3000, 1000],
      [2000, 4000],
    ];
    const at = (perSecond = 0): SideRound => ({ ...side, noOps: { ...side.noOps, perSecond } });
    const results = rates.map(([ours, theirs]) => ({ ours: at(ours), theirs: at(theirs) }));
    const found = compare({ results }).find(({ name }) => name === 'no-op passes/s');
    expect(found).toMatchObject({ ours: 2000, theirs: 1000, ratio: 1 });
  });
});

describe('judge', () => {
  it('holds our side alone to the targets', () => {
    expect(judge({ results: [{ ours: side, theirs: slower }] }).map(({ met }) => met)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const missed = judge({ results: [{ ours: slower, theirs: side }] }).filter(({ met }) => !met);
    expect(missed.map(({ name, measured }) => [name, measured])).toEqual([
      ['passes a second that change nothing', 1000],
      ['RSS with everything cached, MiB', 300],
    ]);
  });
});
