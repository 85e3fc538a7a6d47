import { describe, expect, test } from 'vitest';
import { bytes, count, matchesSelector, milliCpu, Pod, type Pod as PodObject, QuantityError } from './index.ts';

describe('quantities', () => {
  const rows: readonly { name: string; read: (text: string) => number; text: string; want: number }[] = [
    { name: 'whole cores', read: milliCpu, text: '2', want: 2000 },
    { name: 'millicores', read: milliCpu, text: '500m', want: 500 },
    { name: 'decimal cores', read: milliCpu, text: '0.1', want: 100 },
    { name: 'nanocores round up', read: milliCpu, text: '1n', want: 1 },
    { name: 'binary memory', read: bytes, text: '1.5Gi', want: 1_610_612_736 },
    { name: 'decimal memory', read: bytes, text: '128M', want: 128_000_000 },
    { name: 'plain bytes', read: bytes, text: '4096', want: 4096 },
    { name: 'exponent', read: bytes, text: '1e3', want: 1000 },
    { name: 'milli-bytes round up', read: bytes, text: '1500m', want: 2 },
    { name: 'GPUs', read: count, text: '8', want: 8 },
    { name: 'GPUs in k', read: count, text: '1k', want: 1000 },
  ];
  test.each(rows)('$name', ({ read, text, want }) => {
    expect(read(text)).toBe(want);
  });

  test.each(['', 'abc', '1.5.5', '1Zi', '-'])('"%s" is refused', (text) => {
    expect(() => bytes(text)).toThrow(QuantityError);
  });

  test('half a GPU is refused', () => {
    expect(() => count('500m')).toThrow('must be a whole number');
  });

  test('absent is zero', () => {
    expect([milliCpu(undefined), bytes(undefined), count(undefined)]).toEqual([0, 0, 0]);
  });
});

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front' };
  const rows: readonly { name: string; selector: Parameters<typeof matchesSelector>[0]; want: boolean }[] = [
    { name: 'absent matches nothing', selector: undefined, want: false },
    { name: 'empty matches everything', selector: {}, want: true },
    { name: 'labels equal', selector: { matchLabels: { app: 'web' } }, want: true },
    { name: 'labels differ', selector: { matchLabels: { app: 'db' } }, want: false },
    { name: 'In', selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }] }, want: true },
    {
      name: 'NotIn absent',
      selector: { matchExpressions: [{ key: 'x', operator: 'NotIn', values: ['1'] }] },
      want: true,
    },
    { name: 'Exists', selector: { matchExpressions: [{ key: 'x', operator: 'Exists' }] }, want: false },
    { name: 'DoesNotExist', selector: { matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] }, want: true },
    { name: 'unknown operator', selector: { matchExpressions: [{ key: 'app', operator: 'Gt' }] }, want: false },
  ];
  test.each(rows)('$name', ({ selector, want }) => {
    expect(matchesSelector(selector, labels)).toBe(want);
  });
});

test('a projected pod keeps what placement and metering read, and nothing heavy', () => {
  const pod: PodObject = {
    metadata: {
      name: 'p',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'me' },
      labels: { a: 'b' },
    },
    spec: {
      nodeName: 'n',
      schedulingGates: [{ name: 'g' }],
      containers: [
        { name: 'c', image: 'i', env: [{ name: 'A', value: 'B' }], resources: { limits: { 'nvidia.com/gpu': '1' } } },
      ],
      volumes: [{ name: 'v' }],
    },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  };
  const projected = JSON.parse(JSON.stringify(Pod.project?.(pod)));
  expect(projected).toEqual({
    metadata: { name: 'p', annotations: { keep: 'me' }, labels: { a: 'b' } },
    spec: {
      nodeName: 'n',
      schedulingGates: [{ name: 'g' }],
      containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '1' } } }],
    },
    status: { phase: 'Running' },
  });
});
