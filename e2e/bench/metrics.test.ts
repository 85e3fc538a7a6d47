import { expect, it } from 'vitest';
import { parseMetrics } from './metrics.ts';

const page = parseMetrics(`# HELP requests_total How many.
requests_total{code="200",method="GET"} 3
requests_total{code="200",method="PATCH"} 4
requests_total{code="409",method="PATCH"} 1
requests_total_of_others 7
depth 1.5e3
`);

interface Case {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly sum: number;
}

it.each<Case>([
  { name: 'requests_total', sum: 8 },
  { name: 'requests_total', labels: { method: 'PATCH' }, sum: 5 },
  { name: 'requests_total', labels: { method: 'PATCH', code: '409' }, sum: 1 },
  { name: 'requests_total', labels: { method: 'DELETE' }, sum: 0 },
  { name: 'depth', sum: 1500 },
])('sums $name with $labels to $sum', ({ name, labels, sum }) => {
  expect(page.sum(name, labels)).toBe(sum);
});

it('knows which names there are', () => {
  expect([page.has('depth'), page.has('requests')]).toEqual([true, false]);
});
