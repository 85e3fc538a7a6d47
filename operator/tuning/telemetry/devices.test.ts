import { describe, expect, it } from 'vitest';
import type { Series } from '../../observability/index.ts';
import { minute } from '../gate/fixtures.ts';
import type { Telemetry } from './collect.ts';
import { devicesByPod } from './devices.ts';
import { windowQuery } from './queries.ts';

const none = { engine: [], sm: [], util: [], power: [], energy: [], memoryUsed: [] };
const seen = (engine: readonly Series[], form: Telemetry['form'] = 'namespace'): Telemetry => ({
  queries: [],
  form,
  resolutionSeconds: 0,
  series: { ...none, engine },
});
const series = (labels: Record<string, string>, samples = minute(0)): Series => ({
  labels: { pod: 'a', UUID: 'GPU-1', ...labels },
  samples,
});

describe('devices of a pod', () => {
  it('joins the series of an exporter before and after its restart', () => {
    const all = minute((position) => position);
    const telemetry = seen([series({ instance: 'new' }, all.slice(12)), series({ instance: 'old' }, all.slice(0, 12))]);
    const [device] = devicesByPod(telemetry).get('a') ?? [];
    expect(device?.samples.engine).toEqual(all);
    expect(device?.doubled).toEqual([]);
  });

  it('notices two exporters that report at the same time', () => {
    const [device] = devicesByPod(seen([series({ instance: 'one' }), series({ instance: 'two' })])).get('a') ?? [];
    expect(device?.doubled).toEqual(['engine']);
  });

  it('keeps the MIG instances of a GPU apart', () => {
    const instances = ['1', '2'].map((id) => series({ GPU_I_ID: id, GPU_I_PROFILE: '1g.10gb' }));
    const devices = devicesByPod(seen(instances)).get('a') ?? [];
    expect(devices.map(({ instance }) => instance?.id)).toEqual(['1', '2']);
    expect(devices.flatMap(({ sharedWith }) => sharedWith)).toEqual([]);
  });

  it('names the other pods on a whole GPU', () => {
    const devices = devicesByPod(seen([series({}), series({ pod: 'b' })]));
    expect(devices.get('a')?.[0]?.sharedWith).toEqual(['b']);
    expect(devices.get('b')?.[0]?.sharedWith).toEqual(['a']);
  });

  it('reads exported_pod where labels are not honoured, and skips series without a pod', () => {
    const telemetry = seen(
      [series({ pod: 'dcgm-exporter', exported_pod: 'b' }), series({ pod: '' })],
      'exported_namespace',
    );
    expect([...devicesByPod(telemetry).keys()]).toEqual(['b']);
  });
});

describe('queries', () => {
  const rows = [
    {
      name: 'raw samples of a short window',
      seconds: 60,
      text: 'DCGM_FI_DEV_POWER_USAGE{namespace="a"}[60s]',
      step: 0,
    },
    {
      name: 'the greatest of each step of a day',
      seconds: 86_400,
      text: 'max_over_time(DCGM_FI_DEV_POWER_USAGE{namespace="a"}[120s])',
      step: 120,
    },
    {
      name: 'a week stays within 720 points',
      seconds: 604_800,
      text: 'max_over_time(DCGM_FI_DEV_POWER_USAGE{namespace="a"}[840s])',
      step: 840,
    },
  ];
  for (const { name, seconds, text, step } of rows) {
    it(name, () => {
      expect(windowQuery('power', 'a', 'namespace', seconds)).toMatchObject({ text, resolutionSeconds: step });
    });
  }

  it('cannot be left through the name of a namespace', () => {
    expect(windowQuery('power', 'a"} or {x="', 'namespace', 60).text).toBe(
      'DCGM_FI_DEV_POWER_USAGE{namespace="a\\"} or {x=\\""}[60s]',
    );
  });
});
