import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NewInterval, OpenInterval } from '../facts.ts';
import { decideClaims } from './decide.ts';
import type { ClaimFact, ClaimUser } from './facts.ts';

const DEVICE = {
  deviceKey: 'gpu.nvidia.com/n/gpu-0',
  model: 'H100',
  profile: 'full',
  meter: 'gpu_seconds__h100__full',
  units: 1,
};
const exact = (at: number) => ({ at, estimated: false });
const user = (at: number, end?: number): ClaimUser => ({
  at,
  from: at,
  end: end === undefined ? undefined : exact(end),
});

function claimOf(over: Partial<ClaimFact> = {}): ClaimFact {
  const place = { uid: 'u', namespace: 'a', name: 'c', tenant: 't', node: 'n' };
  return {
    ...place,
    early: false,
    reserved: true,
    boundFrom: 0,
    allocatedAt: 10,
    devices: [DEVICE],
    users: [user(12)],
    ...over,
  };
}

const open = (openedAt: number, deviceKey = DEVICE.deviceKey): OpenInterval => ({
  ...{ uid: 'u', namespace: 'a', pod: 'c', tenant: 't' },
  deviceKey,
  openedAt,
});

describe('what is metered of claims', () => {
  it.each<{
    readonly name: string;
    readonly claims: readonly ClaimFact[];
    readonly open?: readonly OpenInterval[];
    readonly gone?: readonly ClaimUser[];
    readonly opens?: readonly string[];
    readonly closes?: readonly string[];
  }>([
    { name: 'opens at the bind', claims: [claimOf()], opens: ['12-'] },
    { name: 'goes on while a pod runs', claims: [claimOf()], open: [open(12)] },
    { name: 'opens at the first of several binds', claims: [claimOf({ users: [user(15), user(12)] })], opens: ['12-'] },
    { name: 'opens when it was allocated if only reserved', claims: [claimOf({ users: [] })], opens: ['10-'] },
    { name: 'waits for a bind where nobody reserved it', claims: [claimOf({ reserved: false, users: [] })] },
    { name: 'waits for the tenant', claims: [claimOf({ early: true })] },
    { name: 'has nothing to open without devices', claims: [claimOf({ devices: [] })] },
    {
      name: 'ends with the last pod',
      claims: [claimOf({ users: [user(12, 20), user(13, 30)] })],
      open: [open(12)],
      closes: ['30'],
    },
    {
      name: 'does not end with the first pod',
      claims: [claimOf({ users: [user(12, 20), user(13)] })],
      open: [open(12)],
    },
    {
      name: 'is stored whole when it came and went between two passes',
      claims: [claimOf({ users: [user(12, 20)] })],
      opens: ['12-20'],
    },
    {
      name: 'ends with its pods though it is gone',
      claims: [],
      open: [open(12)],
      gone: [user(12, 33)],
      closes: ['33'],
    },
    { name: 'closes where it was last seen if nobody tells', claims: [], open: [open(12)], closes: ['80?'] },
    {
      name: 'ends before it is allocated anew, and opens again',
      claims: [claimOf({ allocatedAt: 50, users: [user(12, 40), user(52)] })],
      open: [open(12)],
      opens: ['52-'],
      closes: ['40'],
    },
    {
      name: 'moves to another device',
      claims: [claimOf({ allocatedAt: 50, users: [user(12, 40), user(52)] })],
      open: [open(12, 'gpu.nvidia.com/n/gpu-1')],
      opens: ['52-'],
      closes: ['40'],
    },
    {
      name: 'goes over with the next window where the namespace changed hands',
      claims: [claimOf({ tenant: 'other' })],
      open: [open(12)],
      opens: ['90-'],
      closes: ['90'],
    },
    {
      name: 'goes over before it ends',
      claims: [claimOf({ tenant: 'other', users: [user(12, 95)] })],
      open: [open(12)],
      opens: ['90-95'],
      closes: ['90'],
    },
    {
      name: 'ends before it goes over',
      claims: [claimOf({ tenant: 'other', users: [user(12, 89)] })],
      open: [open(12)],
      closes: ['89'],
    },
    {
      name: 'stays for the window in which it was opened',
      claims: [claimOf({ tenant: 'other' })],
      open: [open(91)],
    },
  ])('$name', ({ claims, open: before = [], gone = [], opens = [], closes = [] }) => {
    const plan = decideClaims(claims, before, () => gone, { now: 100, before: 80, handover: 90 });
    expect(plan.open.map(({ openedAt, end }) => `${openedAt}-${end?.at ?? ''}`)).toEqual(opens);
    expect(plan.close.map(({ end }) => `${end.at}${end.estimated ? '?' : ''}`)).toEqual(closes);
  });

  it('is the true integral of every use that was seen, to the millisecond, and never more', () => {
    const span = fc.record({ gap: fc.integer({ min: 1, max: 50 }), wait: fc.integer({ min: 0, max: 5 }) });
    const uses = fc.array(fc.tuple(span, fc.integer({ min: 1, max: 100 })), { minLength: 1, maxLength: 6 });
    const moments = fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 40 });
    fc.assert(
      fc.property(uses, moments, (raw, times) => {
        let at = 0;
        const timeline = raw.map(([{ gap, wait }, length]) => {
          const use = { allocated: at + gap, bound: at + gap + wait, ended: at + gap + wait + length };
          at = use.ended + 1;
          return use;
        });
        const passes = [...new Set([...times, at + 1])].sort((left, right) => left - right);
        const ledger = play(timeline, passes);
        const seen = timeline.filter(({ bound, ended }) => passes.some((time) => time >= bound && time < ended));
        const truth = seen.reduce((sum, { bound, ended }) => sum + ended - bound, 0);
        expect(ledger.reduce((sum, [from, to]) => sum + to - from, 0)).toBe(truth);
        for (const [from, to] of ledger) {
          expect(timeline.some(({ bound, ended }) => bound === from && ended === to)).toBe(true);
        }
      }),
      { seed: 1 },
    );
  });
});

interface Use {
  readonly allocated: number;
  readonly bound: number;
  readonly ended: number;
}

/** Runs passes over a claim that pods name one after the other; the store refuses what it has, as the tables do. */
function play(timeline: readonly Use[], passes: readonly number[]): readonly (readonly [number, number])[] {
  const stored = new Map<number, number | undefined>();
  let before: number | undefined;
  for (const now of passes) {
    const users = timeline
      .filter(({ bound }) => bound <= now)
      .map(({ bound, ended }) => user(bound, ended <= now ? ended : undefined));
    const current = timeline.find(({ allocated, ended }) => allocated <= now && now < ended);
    const claim = claimOf({
      reserved: current !== undefined && current.bound <= now,
      allocatedAt: current?.allocated,
      devices: current === undefined ? [] : [DEVICE],
      users,
    });
    const running = [...stored].filter(([, end]) => end === undefined).map(([openedAt]) => open(openedAt));
    const plan = decideClaims([claim], running, () => [], { now, before });
    for (const { end } of plan.close) for (const one of running) stored.set(one.openedAt, end.at);
    for (const one of plan.open) insert(stored, one);
    before = now;
  }
  return [...stored].map(([from, to]) => [from, to ?? Number.NaN] as const);
}

function insert(stored: Map<number, number | undefined>, { openedAt, end }: NewInterval): void {
  if (!stored.has(openedAt)) stored.set(openedAt, end?.at);
}
