import { describe, expect, it } from 'vitest';

import { deviceOf, minute } from '../gate/fixtures.ts';
import type { Device } from '../telemetry/devices.ts';
import { judgeIdle } from './idle.ts';
import { learnIdleWatts } from './idle-power.ts';

describe('the idle lever', () => {
  interface Row {
    readonly name: string;
    readonly devices: readonly Device[];
    readonly idleWatts?: number;
    readonly kind: 'Idle' | 'Busy';
  }
  const instance = { id: '3', profile: '1g.10gb' };
  const rows: readonly Row[] = [
    { name: 'no activity at idle power', devices: [deviceOf()], idleWatts: 115, kind: 'Idle' },
    {
      name: 'the noise floor below the threshold',
      devices: [deviceOf({ engine: minute(0.0099) })],
      idleWatts: 115,
      kind: 'Idle',
    },
    { name: 'activity at the threshold', devices: [deviceOf({ engine: minute(0.01) })], idleWatts: 115, kind: 'Busy' },
    {
      name: 'one busy sample',
      devices: [deviceOf({ engine: minute((p) => (p === 3 ? 0.5 : 0)) })],
      idleWatts: 115,
      kind: 'Busy',
    },
    {
      name: 'no activity, power above idle + 10 %',
      devices: [deviceOf({ power: minute(127) })],
      idleWatts: 115,
      kind: 'Busy',
    },
    { name: 'power just below idle + 10 %', devices: [deviceOf({ power: minute(126) })], idleWatts: 115, kind: 'Idle' },
    { name: 'power of an unknown model', devices: [deviceOf({ power: minute(300) })], kind: 'Idle' },
    {
      name: 'one of two devices busy',
      devices: [deviceOf(), deviceOf({ engine: minute(0.7) })],
      idleWatts: 115,
      kind: 'Busy',
    },
    {
      name: 'a MIG instance on a GPU that works',
      devices: [deviceOf({ power: minute(300) }, { instance })],
      idleWatts: 115,
      kind: 'Idle',
    },
    {
      name: 'utilisation 0 stands in for activity',
      devices: [deviceOf({ engine: undefined })],
      idleWatts: 115,
      kind: 'Idle',
    },
    { name: 'no device', devices: [], kind: 'Busy' },
  ];
  for (const { name, devices, idleWatts, kind } of rows) {
    it(`${name}: ${kind}`, () => {
      const facts = { below: 0.01, windowSeconds: 60, devices, ...(idleWatts === undefined ? {} : { idleWatts }) };
      expect(judgeIdle(facts).kind).toBe(kind);
    });
  }

  it('tells what it saw', () => {
    const devices = [deviceOf({ engine: minute(0.004), power: minute(114) }), deviceOf({ power: minute(116.5) })];
    expect(judgeIdle({ below: 0.01, windowSeconds: 60, idleWatts: 115, devices })).toEqual({
      kind: 'Idle',
      seen: { samples: 60, coveragePercent: 100, activity: 0.004, power: { watts: 116.5, idleWatts: 115 } },
    });
  });
});

describe('idle-with-context power', () => {
  const at = (watts: number, engine = 0) => deviceOf({ engine: minute(engine), power: minute(watts) });
  const rows = [
    { name: 'one idle GPU', model: 'NVIDIA-H100-80GB-HBM3', devices: [at(115)], watts: 115 },
    {
      name: 'busy samples teach nothing',
      model: 'NVIDIA-H100-80GB-HBM3',
      devices: [at(600, 0.9), at(112)],
      watts: 112,
    },
    { name: 'only busy GPUs', model: 'NVIDIA-H100-80GB-HBM3', devices: [at(600, 0.9)], watts: undefined },
    { name: 'the 5th percentile, not the median', model: 'NVIDIA-L4', devices: [at(27), at(35), at(35)], watts: 27 },
    {
      name: 'a fleet that lies cannot teach more than half of the board',
      model: 'NVIDIA-H100-80GB-HBM3',
      devices: [at(620)],
      watts: 350,
    },
    { name: 'an unknown model has no bound', model: 'Acme-9000', devices: [at(620)], watts: 620 },
    {
      name: 'four samples are too few',
      model: 'NVIDIA-L4',
      devices: [deviceOf({ engine: minute(0, 4), power: minute(27, 4) })],
      watts: undefined,
    },
  ];
  for (const { name, model, devices, watts } of rows) {
    it(`${name}: ${watts ?? 'unknown'}`, () => {
      expect(
        learnIdleWatts(
          devices.map((device) => ({ model, device })),
          0.01,
        ).get(model),
      ).toBe(watts);
    });
  }
});
