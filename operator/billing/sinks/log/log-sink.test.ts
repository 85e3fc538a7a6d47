import { expect, test } from 'vitest';

import { logSink } from './log-sink.ts';

const row = {
  ...{ identifier: 'gm1_a', eventName: 'gpu_seconds__l4', customer: 'cus_acme' },
  ...{ timestamp: 1_767_228_000, quantity: -3600n },
};
const { signal } = new AbortController();

test('a row is one CloudEvent on one line, with the same bytes each time', async () => {
  const lines: string[] = [];
  const sink = logSink(async (line) => void lines.push(line), 'live');
  expect([await sink.deliver(row, signal), await sink.deliver(row, signal)]).toEqual([
    { kind: 'accepted' },
    { kind: 'accepted' },
  ]);
  const [first = '', second] = lines;
  expect(first).toMatch(/^[^\n]+\n$/);
  expect(second).toBe(first);
  expect(JSON.parse(first)).toEqual({
    ...{ specversion: '1.0', id: 'gm1_a', source: 'gpuoptimizer.io/usage', type: 'gpu_seconds__l4' },
    ...{ subject: 'cus_acme', time: '2026-01-01T00:40:00.000Z', datacontenttype: 'application/json' },
    data: { value: '-3600', unit: 'GPU-seconds', mode: 'live' },
  });
});

test('a line that the system does not take leaves it unknown, for a part of it may be out', async () => {
  const sink = logSink(() => Promise.reject(new Error('write EPIPE')), 'test');
  expect(await sink.deliver(row, signal)).toEqual({ kind: 'unknown', reason: 'write EPIPE' });
});
