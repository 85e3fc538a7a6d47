import { describe, expect, it } from 'vitest';
import type { Tenant } from '../../api/index.ts';
import { freezesOf } from './freeze.ts';

const NOW = Date.parse('2027-01-10T12:00:00Z');

function tenant(observedTime: string, endTime: string | undefined): Tenant {
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'Tenant',
    metadata: { name: 'a' },
    spec: { selector: { namespaces: ['a'] } },
    status: { freezes: [{ reason: 'GPUHours', message: 'All is spent.', observedTime, endTime }] },
  };
}

describe('a freeze', () => {
  it.each([
    { name: 'holds', observed: '2027-01-10T11:50:00Z', end: '2027-01-11T00:00:00Z', holds: true },
    { name: 'ends with its period', observed: '2027-01-10T11:59:00Z', end: '2027-01-10T12:00:00Z', holds: false },
    { name: 'holds without an end', observed: '2027-01-10T11:50:00Z', end: undefined, holds: true },
    {
      name: 'holds nobody once nobody confirms it',
      observed: '2027-01-10T11:44:59Z',
      end: '2027-01-11T00:00:00Z',
      holds: false,
    },
  ])('$name', ({ observed, end, holds }) => {
    const found = freezesOf([tenant(observed, end)], NOW).get('a');
    expect(found).toEqual(holds ? { blocker: 'Budget', sentence: 'All is spent' } : undefined);
  });
});
