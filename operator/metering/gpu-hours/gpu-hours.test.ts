import { describe, expect, it } from 'vitest';

import { kinds, type Tenant } from '../../api/index.ts';
import { runPass, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { gpuHoursController } from './controller.ts';
import { periodOf } from './period.ts';
import { worthOf } from './worth.ts';

const store = storeForFile();

const H100 = 'NVIDIA-H100-80GB-HBM3';

interface Held {
  readonly from: string;
  readonly to?: string;
  readonly units?: number;
  readonly profile?: string;
  readonly tenant?: string;
}

async function held(...intervals: readonly Held[]): Promise<void> {
  await store().fence.within(async (trx) => {
    for (const [at, { from, to, units = 1, profile = 'full', tenant = 'acme' }] of intervals.entries()) {
      const pod = { uid: `u${at}`, namespace: 'a', pod: `p${at}`, node: 'n', device_key: 'd', meter: 'm' };
      const times = { opened_at: new Date(from), closed_at: to === undefined ? null : new Date(to) };
      await trx
        .insertInto('alloc_interval')
        .values({ ...pod, ...times, tenant, model: H100, profile, units, estimated: false })
        .execute();
    }
  });
}

async function seen(at: string): Promise<void> {
  await store().fence.within(async (trx) => {
    await trx
      .insertInto('watermark')
      .values({ name: 'metering.seen', at: new Date(at) })
      .execute();
  });
}

type Status = Pick<NonNullable<Tenant['status']>, 'gpuHours' | 'freezes'>;

async function pass(now: string, status: Status = {}, limit = 10) {
  const tenant = thing(kinds.Tenant, {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'Tenant',
    metadata: { name: 'acme', uid: 'acme', generation: 1 },
    spec: { selector: { namespaces: ['acme'] }, gpuHours: { limit, period: 'Day' } },
    status,
  });
  const output = await runPass(gpuHoursController(store()), {
    world: [tenant],
    key: { name: 'acme' },
    now: new Date(now),
  });
  const written = output.acts.flatMap((act) => (act.act === 'applyStatus' ? [Reflect.get(act.body, 'status')] : []));
  return written[0] as Status | undefined;
}

const NOON = '2027-01-10T12:00:00Z';

describe('a budget of GPU-hours', () => {
  it('counts what was held in the period, slices for their part, and others not', async () => {
    await held(
      { from: '2027-01-09T20:00:00Z', to: '2027-01-10T02:00:00Z' },
      { from: '2027-01-10T10:00:00Z', units: 2 },
      { from: '2027-01-10T11:00:00Z', profile: '3g.40gb', units: 2 },
      { from: '2027-01-10T10:00:00Z', units: 8, tenant: 'other' },
      { from: '2027-01-09T10:00:00Z', to: '2027-01-10T00:00:00Z' },
    );
    await seen(NOON);
    const status = await pass(NOON);
    expect(status?.gpuHours).toEqual({
      usedSeconds: 2 * 3600 + 2 * 2 * 3600 + 3600,
      periodStartTime: '2027-01-10T00:00:00Z',
      observedTime: NOON,
    });
    expect(status?.freezes).toEqual([]);
  });

  it('freezes once it is spent, until the period ends', async () => {
    await held({ from: '2027-01-10T02:00:00Z' });
    await seen(NOON);
    const status = await pass(NOON);
    expect(status?.freezes).toMatchObject([
      { reason: 'GPUHours', endTime: '2027-01-11T00:00:00Z', observedTime: NOON },
    ]);
    expect(status?.freezes?.[0]?.message).toContain('10 GPU-hours are used of the 10');
  });

  it('lets go when the next period begins or the limit is raised', async () => {
    await held({ from: '2027-01-10T02:00:00Z' });
    await seen(NOON);
    const frozen = await pass(NOON);
    expect((await pass(NOON, frozen, 100))?.freezes).toEqual([]);
    await seenLater('2027-01-11T00:01:00Z');
    expect((await pass('2027-01-11T00:01:00Z', frozen))?.freezes).toEqual([]);
  });

  it('says nothing while the pods have not been looked at, so that an old freeze runs out', async () => {
    await held({ from: '2027-01-10T02:00:00Z' });
    expect(await pass(NOON)).toBeUndefined();
    await seen('2027-01-10T11:54:00Z');
    expect(await pass(NOON)).toBeUndefined();
  });

  it('is written anew every five minutes at most', async () => {
    await held({ from: '2027-01-10T10:00:00Z' });
    await seen(NOON);
    const first = await pass(NOON);
    await seenLater('2027-01-10T12:04:00Z');
    expect(await pass('2027-01-10T12:04:00Z', first)).toEqual(first);
    await seenLater('2027-01-10T12:05:00Z');
    expect((await pass('2027-01-10T12:05:00Z', first))?.gpuHours?.observedTime).toBe('2027-01-10T12:05:00Z');
  });
});

async function seenLater(at: string): Promise<void> {
  await store().fence.within(async (trx) => {
    await trx
      .updateTable('watermark')
      .set({ at: new Date(at) })
      .where('name', '=', 'metering.seen')
      .execute();
  });
}

describe('a period', () => {
  it.each([
    ['Day', NOON, '2027-01-10T00:00:00Z', '2027-01-11T00:00:00Z'],
    ['Week', NOON, '2027-01-04T00:00:00Z', '2027-01-11T00:00:00Z'],
    ['Week', '2027-01-11T00:00:00Z', '2027-01-11T00:00:00Z', '2027-01-18T00:00:00Z'],
    ['Month', '2027-12-31T23:59:59Z', '2027-12-01T00:00:00Z', '2028-01-01T00:00:00Z'],
  ] as const)('%s of %s', (period, now, start, end) => {
    expect(periodOf(period, Date.parse(now))).toEqual({ start: Date.parse(start), end: Date.parse(end) });
  });
});

describe('the worth of a device', () => {
  it.each([
    ['full', 1000],
    ['ts4', 250],
    ['1g.10gb', 142],
    ['1g.20gb', 250],
    ['1g.10gb+me', 142],
    ['3g.40gb+ts2', 250],
    ['9g.900gb', 1000],
  ])('%s', (profile, milli) => {
    expect(worthOf({ model: H100, profile })).toBe(milli);
  });
});
