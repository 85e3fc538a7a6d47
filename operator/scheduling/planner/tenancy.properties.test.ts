import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hold } from './hold.ts';
import { createPlanner, placeGang } from './place.ts';
import { plan } from './plan.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { planPreemption } from './preempt.ts';
import { createSnapshot } from './snapshot.ts';
import type { Booking, Gang, Holding, NodeFacts, Placement, PlanInput, Quota, Tenancy, Victim } from './types.ts';

const TENANTS = ['a', 'b', 'c'] as const;
const MODELS = ['old', 'new'] as const;
const HOUR = 3_600_000;
const NEVER = Number.POSITIVE_INFINITY;

const quota = fc.record({
  guaranteedMilli: fc.integer({ min: 0, max: 5 }).map((gpus) => gpus * 1000),
  limitMilli: fc.oneof(
    fc.integer({ min: 5, max: 9 }).map((gpus) => gpus * 1000),
    fc.constant(NEVER),
  ),
  weight: fc.integer({ min: 1, max: 4 }),
  borrows: fc.boolean(),
  lendMilli: fc.constantFrom(0, 1000, 5000),
});

const gang = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  gpus: fc.integer({ min: 1, max: 3 }),
  pods: fc.integer({ min: 1, max: 3 }),
  priority: fc.integer({ min: 0, max: 2 }),
  hours: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
  model: fc.constantFrom(undefined, undefined, ...MODELS),
});

const booking = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  gpus: fc.integer({ min: 1, max: 6 }),
  start: fc.integer({ min: -1, max: 5 }),
  hours: fc.integer({ min: 1, max: 4 }),
  preemptible: fc.boolean(),
  model: fc.constantFrom(undefined, ...MODELS),
});

const worlds = fc.record({
  nodes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  quotas: fc.tuple(quota, quota, quota),
  gangs: fc.array(gang, { maxLength: 12 }),
  bookings: fc.array(booking, { maxLength: 2 }),
});

type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

const tenancyOf = (bookings: readonly Booking[] = []): Tenancy => ({
  now: 0,
  usage: [],
  weights: new Map(),
  reclaims: new Set(['main']),
  bookings,
  ends: new Map(),
  fixed: new Set(),
});

/** Nodes are of the models in turn. */
const modelOf = (at: number): string => MODELS[at % MODELS.length] as string;

/** Guarantees that the pool can keep, as the controller sees to. */
function feasible(world: World, capacityMilli: number): readonly Quota[] {
  const sum = world.quotas.reduce((total, { guaranteedMilli }) => total + guaranteedMilli, 0);
  const part = Math.min(1, sum === 0 ? 1 : capacityMilli / sum);
  return world.quotas.map((one, at) => {
    const guaranteedMilli = Math.floor(one.guaranteedMilli * part);
    const lendMilli = Math.min(one.lendMilli, guaranteedMilli);
    return { ...one, tenant: TENANTS[at] ?? '', pool: 'main', guaranteedMilli, lendMilli };
  });
}

function inputOf(world: World, withBookings: boolean): PlanInput {
  const nodes = world.nodes.map(
    (count, at): NodeFacts =>
      testNode(`n${at}`, {
        pool: 'main',
        model: modelOf(at),
        gpus: { count, resource: 'nvidia.com/gpu', replicas: 1 },
      }),
  );
  const capacity = world.nodes.reduce((sum, count) => sum + count, 0) * 1000;
  const queue = world.gangs.map(({ tenant, gpus, pods, priority, hours, model }, at): Gang => {
    const where = model === undefined ? {} : { where: { models: [model] } };
    const members = Array.from({ length: pods }, (_, pod) => ({ ...testPod(`g${at}-${pod}`, gpus), ...where }));
    const runs =
      hours === undefined ? undefined : ({ p50: hours * HOUR, p90: hours * HOUR, basis: 'declared' } as const);
    return testGang(`g${at}`, members, { tenant, priority, since: at, runs });
  });
  const bookings = world.bookings.map(
    ({ tenant, gpus, start, hours, preemptible, model }, at): Booking => ({
      ...{ name: `r${at}`, pool: 'main', tenant, milli: gpus * 1000, preemptible, model },
      ...{ start: start * HOUR, end: (start + hours) * HOUR },
    }),
  );
  const tenancy = tenancyOf(withBookings ? bookings : []);
  return { nodes, held: [], queue, quotas: feasible(world, capacity), tenancy, policy: BEST_FIT, explain: 'nothing' };
}

function heldBy(place: readonly Placement[], input: PlanInput): ReadonlyMap<string, number> {
  const tenants = new Map(input.queue.map(({ key, tenant }) => [key, tenant ?? '']));
  const held = new Map<string, number>();
  for (const { gang: key, gpuMilli } of place) {
    const tenant = tenants.get(key) ?? '';
    held.set(tenant, (held.get(tenant) ?? 0) + gpuMilli);
  }
  return held;
}

const runs = { numRuns: 300, seed: 11 } as const;

describe('whatever tenants ask for', () => {
  it('nobody exceeds his limit, nor his guarantee where he may not borrow', () => {
    fc.assert(
      fc.property(worlds, fc.boolean(), (world, booked) => {
        const input = inputOf(world, booked);
        const held = heldBy(plan(input).place, input);
        for (const { tenant, limitMilli, guaranteedMilli = 0, borrows } of input.quotas) {
          const most = borrows === false ? Math.min(limitMilli, guaranteedMilli) : limitMilli;
          expect(held.get(tenant) ?? 0).toBeLessThanOrEqual(most);
        }
      }),
      runs,
    );
  });

  it('gangs start whole, no node gives more than it has, and the same world gives the same plan', () => {
    fc.assert(
      fc.property(worlds, fc.boolean(), (world, booked) => {
        const input = inputOf(world, booked);
        const { place } = plan(input);
        for (const { key, members } of input.queue) {
          expect([0, members.length]).toContain(place.filter((one) => one.gang === key).length);
        }
        for (const { name, gpus } of input.nodes) {
          const taken = place.filter((one) => one.node === name).reduce((sum, { gpuMilli }) => sum + gpuMilli, 0);
          expect(taken).toBeLessThanOrEqual(gpus.count * 1000);
        }
        expect(plan(structuredClone(input)).place).toEqual(place);
      }),
      runs,
    );
  });

  it('no gang within its guarantee waits while there is room for it', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const input = inputOf(world, false);
        const { place } = plan(input);
        const held = heldBy(place, input);
        const placed = new Set(place.map(({ gang: key }) => key));
        const snapshot = createSnapshot(input.nodes);
        for (const holding of holdings(input, place)) hold(snapshot, holding);
        const planner = createPlanner(snapshot, BEST_FIT);
        for (const waiting of input.queue.filter(({ key }) => !placed.has(key))) {
          const own = input.quotas.find(({ tenant }) => tenant === waiting.tenant);
          const need = waiting.members.length * askedMilli(waiting);
          if ((held.get(waiting.tenant ?? '') ?? 0) + need > Math.min(own?.guaranteedMilli ?? 0, own?.limitMilli ?? 0))
            continue;
          expect(placeGang(planner, waiting, [])).toBeUndefined();
        }
      }),
      runs,
    );
  });

  it('nothing that starts makes less room for a booking than its tenant still needs, of its model', () => {
    let ofModel = 0;
    fc.assert(
      fc.property(worlds, (world) => {
        const input = inputOf(world, true);
        const { place } = plan(input);
        const ends = new Map(input.queue.map(({ key, runs: run }) => [key, run?.p90 ?? NEVER]));
        const tenants = new Map(input.queue.map(({ key, tenant }) => [key, tenant]));
        const bookings = input.tenancy?.bookings ?? [];
        for (const one of bookings) {
          const at = Math.max(0, one.start);
          const others = bookings.filter(
            ({ start, end, model }) => start <= at && end > at && (one.model === undefined || model === one.model),
          );
          // Where bookings overlap or let themselves be filled, what is promised is more than this simple sum says.
          if (one.end <= 0 || one.preemptible || others.length > 1) continue;
          const counts = (name: string): boolean =>
            one.model === undefined || one.model === modelOf(Number(name.slice(1)));
          const capacity = world.nodes.reduce((sum, count, node) => (counts(`n${node}`) ? sum + count : sum), 0) * 1000;
          const taken = place
            .filter(
              ({ gang: key, node }) => (ends.get(key) ?? NEVER) > at && tenants.get(key) !== one.tenant && counts(node),
            )
            .reduce((sum, { gpuMilli }) => sum + gpuMilli, 0);
          if (taken === 0) continue;
          if (one.model !== undefined) ofModel += 1;
          expect(capacity - taken).toBeGreaterThanOrEqual(one.milli);
        }
      }),
      { ...runs, numRuns: 3000 },
    );
    expect(ofModel).toBeGreaterThan(20);
  });

  it('bookings of one tenant for a model and for any are both kept', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (world, some, any) => {
        const book = { tenant: 'z', start: 0, hours: 9, preemptible: false };
        const input = inputOf({ ...world, bookings: [] }, true);
        const bookings = [
          { ...book, model: MODELS[0], milli: some * 1000, name: 'some' },
          { ...book, milli: any * 1000, name: 'any' },
        ].map((one): Booking => ({ ...one, pool: 'main', end: 9 * HOUR }));
        const { place } = plan({ ...input, tenancy: tenancyOf(bookings) });
        const free = (model?: string): number =>
          world.nodes.reduce((sum, count, node) => {
            if (model !== undefined && modelOf(node) !== model) return sum;
            return (
              sum +
              count * 1000 -
              place.reduce((held, one) => (one.node === `n${node}` ? held + one.gpuMilli : held), 0)
            );
          }, 0);
        const on = (model?: string): boolean =>
          place.some(({ node }) => model === undefined || modelOf(Number(node.slice(1))) === model);
        if (on(MODELS[0])) expect(free(MODELS[0])).toBeGreaterThanOrEqual(some * 1000);
        if (on()) expect(free()).toBeGreaterThanOrEqual((some + any) * 1000);
      }),
      runs,
    );
  });
});

function askedMilli({ members }: Gang): number {
  const [first] = members[0]?.gpus ?? [];
  return first?.kind === 'devices' ? first.count * 1000 : 0;
}

function holdings(input: PlanInput, place: readonly Placement[]): readonly Holding[] {
  const members = new Map(
    input.queue.flatMap((one) => one.members.map((member) => [member.key, { ...member, tenant: one.tenant }] as const)),
  );
  return place.flatMap(({ member, node }) => {
    const found = members.get(member);
    return found === undefined ? [] : [{ ...found, node }];
  });
}

const running = fc.array(
  fc.record({
    tenant: fc.constantFrom(...TENANTS),
    gpus: fc.integer({ min: 1, max: 3 }),
    node: fc.nat(3),
    minutes: fc.nat(50),
    priority: fc.nat(2),
    guarded: fc.boolean(),
  }),
  { minLength: 5, maxLength: 14 },
);

describe('whoever is evicted', () => {
  const evictions = fc.record({
    world: worlds,
    running,
    gang,
    policy: fc.constantFrom('BorrowedFirst', 'Priority'),
    allowed: fc.nat(2),
  });

  it('makes room that then suffices, none of them could stay, budgets hold, and he has no right to evict back', () => {
    let seen = 0;
    fc.assert(
      fc.property(evictions, ({ world, running: drafts, gang: asked, policy, allowed }) => {
        const input = inputOf({ ...world, gangs: [asked] }, false);
        const [waiting] = input.queue;
        if (waiting === undefined) return;
        const held = fitting(input, drafts);
        const victims = held.map(
          ({ key, tenant, draft }): Victim => ({
            ...{ gang: key, tenant, priority: draft.priority, podMinutes: draft.minutes },
            pods: [{ key, budgets: draft.guarded ? ['pdb'] : [] }],
          }),
        );
        const start = () => {
          const snapshot = createSnapshot(input.nodes);
          for (const { draft: _draft, ...holding } of held) hold(snapshot, holding);
          return createPlanner(snapshot, BEST_FIT);
        };
        if (placeGang(start(), waiting, input.quotas) !== undefined) return;
        const request = {
          ...{ quotas: input.quotas, policies: new Map([['main', policy]]), victims, tenancy: tenancyOf() },
          held: new Map(held.map(({ draft: _draft, ...holding }) => [holding.key, holding])),
          disruptionsAllowed: new Map([['pdb', allowed]]),
        };
        const found = planPreemption(start(), waiting, request);
        if (found === undefined) return;
        seen++;
        const gone = new Set(found.victims.map(({ gang: key }) => key));
        const without = (keys: ReadonlySet<string>): boolean => {
          const snapshot = createSnapshot(input.nodes);
          for (const { draft: _draft, ...holding } of held) if (!keys.has(holding.key)) hold(snapshot, holding);
          return placeGang(createPlanner(snapshot, BEST_FIT), waiting, input.quotas.map(limitOnly)) !== undefined;
        };
        expect(without(gone)).toBe(true);
        if (found.ground === 'Reclaim') {
          for (const key of gone) expect(without(new Set([...gone].filter((one) => one !== key)))).toBe(false);
        }
        expect(held.filter(({ key, draft }) => gone.has(key) && draft.guarded).length).toBeLessThanOrEqual(allowed);
        if (policy === 'Priority') return;
        const after = createSnapshot(input.nodes);
        for (const { draft: _draft, ...holding } of held) if (!gone.has(holding.key)) hold(after, holding);
        const place = placeGang(createPlanner(after, BEST_FIT), waiting, []) ?? [];
        const own = waiting.members.map(
          ({ key }): Victim => ({
            ...{ gang: waiting.key, tenant: waiting.tenant, priority: waiting.priority, podMinutes: 0 },
            pods: [{ key, budgets: [] }],
          }),
        );
        for (const { key, tenant, draft, ...holding } of held.filter((one) => gone.has(one.key))) {
          const back = testGang(`${key}-again`, [{ ...holding, key: `${key}-again` }], {
            tenant,
            priority: draft.priority,
          });
          const keys = new Map([...request.held, ...holdings(input, place).map((one) => [one.key, one] as const)]);
          const again = planPreemption(createPlanner(after, BEST_FIT), back, { ...request, victims: own, held: keys });
          expect(again).toBeUndefined();
        }
      }),
      { numRuns: 1500, seed: 12 },
    );
    expect(seen).toBeGreaterThan(20);
  });
});

describe('what is borrowed', () => {
  it('comes back in full: a tenant gets all that it is guaranteed, pod by pod, and nobody loses what he is guaranteed', () => {
    let [reclaimed, borrowed] = [0, 0];
    fc.assert(
      fc.property(worlds, running, (world, drafts) => {
        const input = inputOf({ ...world, gangs: [] }, false);
        const [own] = input.quotas;
        const others = drafts.map(
          (one) => ({ ...one, gpus: 1, tenant: one.tenant === 'a' ? 'b' : one.tenant }) as const,
        );
        const running = fitting(input, others);
        const held = new Map(running.map(({ draft: _draft, ...holding }) => [holding.key, holding as Holding]));
        const milliOf = (tenant: string): number =>
          1000 * [...held.values()].filter((holding) => holding.tenant === tenant).length;
        const before = new Map(TENANTS.map((tenant) => [tenant, milliOf(tenant)]));
        // Guarantees that were cut in proportion end in parts of GPUs; pods of whole GPUs hold the whole ones.
        const whole = (milli: number): number => Math.floor(milli / 1000);
        const owed = whole(Math.min(own?.guaranteedMilli ?? 0, own?.limitMilli ?? 0));
        for (let at = 0; at < owed; at++) {
          const snapshot = createSnapshot(input.nodes);
          for (const holding of held.values()) hold(snapshot, holding);
          const planner = createPlanner(snapshot, BEST_FIT);
          const asked = testGang(`a${at}`, [testPod(`a${at}`, 1)], { tenant: 'a' });
          const victims = [...held.values()]
            .filter(({ tenant }) => tenant !== 'a')
            .map(
              ({ key, tenant }): Victim => ({
                ...{ gang: key, tenant, priority: 0, podMinutes: 1, pods: [{ key, budgets: [] }] },
              }),
            );
          const free = placeGang(planner, asked, []);
          const found =
            free === undefined ? planPreemption(planner, asked, requestFor(input, held, victims)) : undefined;
          const [place] = free ?? found?.place ?? [];
          expect(place, `GPU ${at + 1} of ${owed}`).toBeDefined();
          expect(found?.victims.length ?? 1).toBe(1);
          for (const { gang: gone } of found?.victims ?? []) held.delete(gone);
          reclaimed += found?.victims.length ?? 0;
          held.set(`a${at}`, { ...testPod(`a${at}`, 1), node: place?.node ?? '', tenant: 'a' });
        }
        expect(milliOf('a')).toBe(owed * 1000);
        for (const { tenant, guaranteedMilli = 0 } of input.quotas.slice(1)) {
          const was = before.get(tenant as (typeof TENANTS)[number]) ?? 0;
          expect(milliOf(tenant)).toBeGreaterThanOrEqual(Math.min(was, 1000 * whole(guaranteedMilli)));
          borrowed += Math.max(0, whole(was) - whole(guaranteedMilli));
        }
      }),
      { numRuns: 400, seed: 13 },
    );
    expect(reclaimed).toBeGreaterThan(100);
    expect(borrowed).toBeGreaterThanOrEqual(reclaimed);
  });
});

/** A request under reclaim alone. */
function requestFor(
  { quotas }: PlanInput,
  held: ReadonlyMap<string, Holding>,
  victims: readonly Victim[],
): Parameters<typeof planPreemption>[2] {
  const policies = new Map([['main', 'BorrowedFirst' as const]]);
  return { quotas, policies, victims, tenancy: tenancyOf(), held, disruptionsAllowed: new Map() };
}

type Draft = typeof running extends fc.Arbitrary<(infer Value)[]> ? Value : never;

/** Those of the running pods that their nodes have room for. */
function fitting(input: PlanInput, drafts: readonly Draft[]): readonly (Holding & { readonly draft: Draft })[] {
  const free = new Map(input.nodes.map(({ name, gpus }) => [name, gpus.count]));
  return drafts.flatMap((draft, at) => {
    const node = `n${draft.node % input.nodes.length}`;
    const left = (free.get(node) ?? 0) - draft.gpus;
    if (left < 0) return [];
    free.set(node, left);
    return [{ ...testPod(`r${at}`, draft.gpus), node, tenant: draft.tenant, draft }];
  });
}

function limitOnly({ tenant, pool, limitMilli }: Quota): Quota {
  return { tenant, pool, limitMilli };
}
