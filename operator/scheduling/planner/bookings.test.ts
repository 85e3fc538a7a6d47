import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBookingGuard } from './bookings.ts';
import { hold, release } from './hold.ts';
import { plan } from './plan.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { createSnapshot } from './snapshot.ts';
import type { Booking, Gang, Holding, Quota, Tenancy } from './types.ts';

const NOW = Date.parse('2027-01-10T08:00:00Z');
const HOUR = 3_600_000;
const [A100, H100] = ['NVIDIA-A100-SXM4-80GB', 'NVIDIA-H100-80GB-HBM3'] as const;

const node = (name: string, model: string, count: number, schedulable = true) =>
  testNode(name, { pool: 'main', model, gpus: { count, resource: 'nvidia.com/gpu', replicas: 1 }, schedulable });

/** `h0` and `a0` have four GPUs each, and so has `c0`, which is cordoned; ties go to the first. */
const NODES = [node('h0', H100, 4), node('a0', A100, 4), node('c0', H100, 4, false)];

const booking = (over: Partial<Booking> = {}): Booking => ({
  ...{ name: 'night', pool: 'main', tenant: 'z', milli: 4000, model: H100, preemptible: false },
  ...{ start: NOW + 2 * HOUR, end: NOW + 6 * HOUR },
  ...over,
});

/** A gang of pods of a tenant, each of some GPUs. */
function gang(key: string, gpus: readonly number[], over: Partial<Gang> & { readonly model?: string } = {}): Gang {
  const { model, ...rest } = over;
  const where = model === undefined ? undefined : { models: [model] };
  const members = gpus.map((count, at) => ({ ...testPod(`${key}-${at}`, count), ...(where && { where }) }));
  return testGang(key, members, { tenant: key[0], ...rest });
}

const held = (key: string, on: string, gpus: number): Holding => ({ ...testPod(key, gpus), node: on, tenant: key[0] });

const quota = (tenant: string, over: Partial<Quota> = {}): Quota => ({
  ...{ tenant, pool: 'main', limitMilli: Number.POSITIVE_INFINITY },
  ...over,
});

interface Row {
  readonly name: string;
  readonly queue: readonly Gang[];
  readonly bookings?: readonly Booking[];
  readonly held?: readonly Holding[];
  /** When pods that hold room are expected to end. */
  readonly ends?: Readonly<Record<string, number>>;
  readonly quotas?: readonly Quota[];
  /** Nodes of each gang that starts. */
  readonly starts: Readonly<Record<string, readonly string[]>>;
  readonly waits?: Readonly<Record<string, string>>;
  readonly says?: string;
}

const rows: readonly Row[] = [
  {
    name: 'what can have another model starts there',
    queue: [gang('a', [1])],
    bookings: [booking()],
    starts: { a: ['a0'] },
  },
  {
    name: 'what needs that model waits, and is told how many there are',
    queue: [gang('a', [2], { model: H100 })],
    bookings: [booking({ milli: 3000 })],
    starts: {},
    waits: { a: 'Reservation' },
    says: `pool main keeps 3 GPUs of ${H100} for tenant z from 2027-01-10 10:00 UTC (reservation night), it needs 2 GPUs there and 1 GPU can be had beside that, and how long it runs is not known`,
  },
  {
    name: 'what is beyond the reservation is for everybody',
    queue: [gang('a', [1], { model: H100 }), gang('b', [1], { model: H100 })],
    bookings: [booking({ milli: 3000 })],
    starts: { a: ['h0'] },
    waits: { b: 'Reservation' },
  },
  {
    name: 'what ends in time starts on that model too',
    queue: [gang('a', [4], { runs: { p50: HOUR, p90: HOUR, basis: 'declared' } })],
    bookings: [booking()],
    starts: { a: ['h0'] },
  },
  {
    name: 'GPUs of another model that its tenant holds do not count',
    held: [held('z-other', 'a0', 4)],
    queue: [gang('a', [1], { model: H100 })],
    bookings: [booking()],
    starts: {},
    waits: { a: 'Reservation' },
  },
  {
    name: 'GPUs of the model that its tenant holds do',
    held: [held('z-own', 'h0', 2)],
    queue: [gang('a', [2], { model: H100 })],
    bookings: [booking({ milli: 2000 })],
    starts: { a: ['h0'] },
  },
  {
    name: 'one of a model and one of any keep both',
    queue: [gang('a', [3], { model: A100 }), gang('b', [2], { model: A100 })],
    bookings: [booking(), booking({ name: 'any', model: undefined, milli: 2000, tenant: 'y' })],
    starts: { b: ['a0'] },
    waits: { a: 'Reservation' },
    says: 'pool main keeps 2 GPUs for tenant y',
  },
  {
    name: 'one of each model keeps each',
    queue: [gang('a', [3], { model: A100 }), gang('b', [2], { model: A100 })],
    bookings: [booking(), booking({ name: 'other', model: A100, milli: 2000 })],
    starts: { b: ['a0'] },
    waits: { a: 'Reservation' },
    says: `keeps 2 GPUs of ${A100}`,
  },
  {
    name: 'once it has begun its tenant has the GPUs beside its limit',
    queue: [gang('z1', [4], { model: H100 }), gang('z2', [1]), gang('z3', [1])],
    bookings: [booking({ start: NOW - HOUR })],
    quotas: [quota('z', { limitMilli: 1000, booked: [{ model: H100, milli: 4000 }] })],
    starts: { z1: ['h0'], z2: ['a0'] },
    waits: { z3: 'Quota' },
  },
  {
    name: 'and no GPU of another model beside it',
    queue: [gang('z1', [2], { model: A100 }), gang('z2', [1], { model: A100 })],
    bookings: [booking({ start: NOW - HOUR })],
    quotas: [quota('z', { limitMilli: 1000, booked: [{ model: H100, milli: 4000 }] })],
    starts: { z2: ['a0'] },
    waits: { z1: 'Quota' },
  },
  {
    name: 'what others hold on a cordoned node takes nothing from it',
    held: [held('x', 'c0', 4)],
    queue: [gang('a', [2], { model: H100 })],
    bookings: [booking({ milli: 2000 })],
    starts: { a: ['h0'] },
  },
  {
    name: 'what its tenant holds on a cordoned node is part of it',
    held: [held('z-own', 'c0', 2)],
    queue: [gang('a', [4], { model: H100 })],
    bookings: [booking({ milli: 2000 })],
    starts: { a: ['h0'] },
  },
  {
    name: 'a gang that is refused for who waits before it does not count beside it',
    held: [held('x', 'h0', 2)],
    ends: { x: NOW + HOUR },
    queue: [
      gang('w', [4], { model: H100, priority: 1 }),
      gang('a', [1], { model: H100 }),
      gang('b', [4], { model: A100 }),
    ],
    bookings: [booking({ model: undefined })],
    starts: { b: ['a0'] },
    waits: { w: 'Health', a: 'Reservation' },
    says: 'w waits before it',
  },
  {
    name: 'they are guaranteed to it: it goes before those that borrow',
    queue: [gang('a', [4], { model: H100, priority: 9 }), gang('z', [4], { model: H100 })],
    quotas: [quota('z', { booked: [{ model: H100, milli: 4000 }] })],
    starts: { z: ['h0'] },
  },
];

const tenancy = (bookings: readonly Booking[] = [], ends: Row['ends'] = {}): Tenancy => ({
  ...{ now: NOW, usage: [], weights: new Map(), reclaims: new Set(['main']), bookings },
  ...{ ends: new Map(Object.entries(ends)), fixed: new Set() },
});

describe('reservations of a model', () => {
  it.each(rows)('$name', ({ queue, bookings, held: holdings = [], ends, quotas = [], starts, waits = {}, says }) => {
    const { place, waiting } = plan({
      ...{ nodes: NODES, held: holdings, queue, quotas, tenancy: tenancy(bookings, ends) },
      ...{ policy: BEST_FIT, explain: 'blocker' },
    });
    const found = Map.groupBy(place, ({ gang: key }) => key);
    expect(Object.fromEntries([...found].map(([key, places]) => [key, places.map((one) => one.node)]))).toEqual(starts);
    expect(Object.fromEntries(waiting.map(({ gang: key, blocker }) => [key, blocker]))).toMatchObject(waits);
    if (says !== undefined) expect(waiting.map(({ sentence }) => sentence).join('\n')).toContain(says);
  });

  it('whatever comes: a gang that is refused leaves no trace', () => {
    const gangs = fc.array(
      fc.record({
        tenant: fc.constantFrom('a', 'b', 'z'),
        gpus: fc.integer({ min: 1, max: 4 }),
        on: fc.constantFrom('h0', 'a0'),
        borrows: fc.boolean(),
        evictable: fc.boolean(),
      }),
      { maxLength: 6 },
    );
    const some = fc.array(
      fc.record({
        model: fc.constantFrom(undefined, A100, H100),
        milli: fc.integer({ min: 1, max: 6 }).map((gpus) => gpus * 1000),
        preemptible: fc.boolean(),
        tenant: fc.constantFrom('y', 'z'),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const quotas = ['a', 'b'].map((name, at) => quota(name, { guaranteedMilli: (at + 1) * 1000 }));
    fc.assert(
      fc.property(gangs, some, (drafts, overs) => {
        const bookings = overs.map((over, at) => booking({ ...over, name: `r${at}` }));
        const snapshot = createSnapshot(NODES);
        const started = new Set<string>();
        const create = () => createBookingGuard(snapshot, { ...tenancy(bookings), fixed: started }, quotas);
        const guard = create();
        for (const [at, { tenant, gpus, on, borrows, evictable }] of drafts.entries()) {
          const comes = gang(`${tenant}${at}`, [gpus], { tenant, evictable });
          const [member] = comes.members as readonly [Gang['members'][number]];
          const fresh = create();
          if (!hold(snapshot, { ...member, node: on, tenant })) continue;
          const refused = guard.delayedBy(comes, borrows);
          expect(refused).toEqual(fresh.delayedBy(comes, borrows));
          if (refused !== undefined) release(snapshot, member.key);
          else if (!evictable || !borrows) started.add(member.key);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
