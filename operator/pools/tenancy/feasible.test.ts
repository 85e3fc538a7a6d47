import { describe, expect, it } from 'vitest';
import type { GPUPool, Tenant } from '../../api/index.ts';
import { tenancyConditions } from './feasible.ts';

const apiVersion = 'gpuoptimizer.io/v1alpha1';

function pool(reservations?: GPUPool['spec']['reservations']): GPUPool {
  const nodes = { selector: { matchLabels: { a: 'b' } } };
  return { apiVersion, kind: 'GPUPool', metadata: { name: 'main' }, spec: { nodes, reservations } };
}

function tenant(guaranteed: number): Tenant {
  const spec = { selector: { namespaces: ['a'] }, quotas: [{ pool: 'main', guaranteed }] };
  return { apiVersion, kind: 'Tenant', metadata: { name: `t${guaranteed}` }, spec };
}

const now = Date.parse('2026-01-01T00:00:00Z');

const nightly = (cron: string, timeZone?: string) =>
  [{ name: 'nightly', tenant: 'etl', gpus: 1, cron, timeZone, durationSeconds: 3600 }] as const;

const model = (name: string, gpus: number) => ({
  ...{ model: name, nodes: 1, gpus, allocatedMilli: 0, freeMilli: 0, unhealthyGpus: 0 },
});
const hardware = { capacity: { nodes: 2, gpus: 12 }, models: [model('A100', 4), model('H100', 8)] };

const ofModel = (name: string, gpus: number) =>
  pool([{ ...nightly('0 1 * * *')[0], name: 'night', model: name, gpus }]);

describe('what tenants and reservations say of a pool', () => {
  it.each([
    { name: 'all fits', of: pool(), tenants: [tenant(8), tenant(4)], says: { QuotaFeasible: 'GuaranteesFit' } },
    {
      name: 'too much is guaranteed',
      of: pool(),
      tenants: [tenant(9), tenant(4)],
      says: { QuotaFeasible: 'GuaranteesShrunk' },
    },
    {
      name: 'a reservation that can be read',
      of: pool(nightly('0 1 * * *', 'Europe/Berlin')),
      tenants: [],
      says: { QuotaFeasible: 'GuaranteesFit', ReservationsValid: 'ReservationsReadable' },
    },
    {
      name: 'one that cannot',
      of: pool(nightly('0 25 * * *')),
      tenants: [],
      says: { QuotaFeasible: 'GuaranteesFit', ReservationsValid: 'ReservationsUnreadable' },
    },
    {
      name: 'one of all GPUs of a model',
      of: ofModel('H100', 8),
      tenants: [],
      says: { QuotaFeasible: 'GuaranteesFit', ReservationsValid: 'ReservationsReadable' },
    },
    {
      name: 'one of more than there are of its model',
      of: ofModel('H100', 9),
      tenants: [],
      says: { QuotaFeasible: 'GuaranteesFit', ReservationsValid: 'ReservationsExceedPool' },
    },
    {
      name: 'one of a model that the pool does not have',
      of: ofModel('B200', 1),
      tenants: [],
      says: { QuotaFeasible: 'GuaranteesFit', ReservationsValid: 'ReservationsExceedPool' },
    },
  ])('$name', ({ of, tenants, says }) => {
    const found = tenancyConditions(of, tenants, hardware, now);
    expect(Object.fromEntries(found.map(({ type, reason }) => [type, reason]))).toEqual(says);
  });

  it('names what is wrong and what to write', () => {
    const [quota, times] = tenancyConditions(pool(nightly('0 1 * * *', 'Mars')), [tenant(20)], hardware, now);
    expect(quota?.message).toContain('20 GPUs are guaranteed to tenants and the pool has 12');
    expect(times?.message).toBe(
      'The reservation nightly is left out: timeZone "Mars" is not known; write an IANA name, for example Europe/Berlin.',
    );
  });

  it('says what the pool has of a model instead', () => {
    const [, short] = tenancyConditions(ofModel('H100', 9), [], hardware, now);
    expect(short?.message).toBe(
      'The reservation night keeps 9 GPUs of H100 and the pool has 8. Add nodes, or lower its gpus.',
    );
    const [, none] = tenancyConditions(ofModel('B200', 1), [], hardware, now);
    expect(none?.message).toContain('the pool has 0. Add nodes, or name one that it has (A100, H100).');
  });

  const at = (name: string, cron: string, gpus: number, named?: string) => ({
    ...{ name, tenant: 'etl', gpus, cron, durationSeconds: 7200, ...(named !== undefined && { model: named }) },
  });

  it.each([
    ['one after the other', [at('a', '0 1 * * *', 8, 'H100'), at('b', '0 3 * * *', 8, 'H100')], undefined],
    ['at once, and there is enough', [at('a', '0 1 * * *', 4, 'H100'), at('b', '0 2 * * *', 4, 'H100')], undefined],
    ['at once, of other models', [at('a', '0 1 * * *', 8, 'H100'), at('b', '0 2 * * *', 4, 'A100')], undefined],
    [
      'at once, and too much of a model',
      [at('a', '0 1 * * *', 5, 'H100'), at('b', '0 2 * * *', 4, 'H100')],
      'From 2026-01-01T02:00:00Z on the reservations a and b together keep 9 GPUs of H100 and the pool has 8.',
    ],
    [
      'at once, and too much of the pool',
      [at('a', '0 1 * * *', 8, 'H100'), at('b', '0 2 5 * *', 5)],
      'From 2026-01-05T02:00:00Z on the reservations a and b together keep 13 GPUs and the pool has 12.',
    ],
    [
      'one that is still running when it starts again',
      [{ ...at('a', '0 * * * *', 5, 'H100') }],
      'From 2026-01-01T00:00:00Z on the reservation a, which starts again while it runs, keeps 10 GPUs of H100 and the pool has 8.',
    ],
  ])('two reservations: %s', (_, reservations, message) => {
    const [, found] = tenancyConditions(pool(reservations), [], hardware, now);
    expect(found?.status).toBe(message === undefined ? 'True' : 'False');
    if (message !== undefined) expect(found?.message.startsWith(message)).toBe(true);
  });
});
