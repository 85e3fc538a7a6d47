import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlotFleet, freeSlots, placeSlots, releaseSlots, type SlotPlacement } from './fleet.ts';
import { createSlotPolicy, SLOT_POLICIES } from './policies.ts';
import type { SlotGeometry, SlotPod } from './types.ts';

/** 1g, 2g, 3g, 4g and 7g of a GPU with seven compute slices. */
const GEOMETRY: SlotGeometry = {
  memorySlots: 8,
  computeSlices: 7,
  profiles: [
    { compute: 1, memorySlots: 1, starts: [0, 1, 2, 3, 4, 5, 6] },
    { compute: 2, memorySlots: 2, starts: [0, 2, 4] },
    { compute: 3, memorySlots: 4, starts: [0, 4] },
    { compute: 4, memorySlots: 4, starts: [0] },
    { compute: 7, memorySlots: 8, starts: [0] },
  ],
};
const EVEN = GEOMETRY.profiles.map(() => 0.2);
const NODES = ['a', 'b'].map((name) => ({ name, cpuMilli: 20_000, memoryMiB: 20_000, gpus: 2 }));

function pod(profile: number, count = 1): SlotPod {
  return { cpuMilli: 1000, memoryMiB: 1, profile, count };
}

describe('MIG slots', () => {
  it('keeps room for 4g when it was asked for, where first fit does not', () => {
    const starts = (name: 'first-fit' | 'gpuopt'): number | undefined => {
      const fleet = createSlotFleet(NODES.slice(0, 1), 8);
      const policy = createSlotPolicy(name, GEOMETRY, EVEN, fleet);
      for (let at = 0; at < 20; at++) policy.learn(pod(at % 2 === 0 ? 0 : 3));
      policy.settle();
      return placeSlots(fleet, policy, pod(0))?.cuts[0]?.cut.start;
    };
    expect(starts('first-fit')).toBe(0);
    expect(starts('gpuopt')).toBeGreaterThanOrEqual(4);
  });

  it('sends a pod that needs much CPU to where CPU is plenty', () => {
    const nodes = [
      { name: 'little', cpuMilli: 8000, memoryMiB: 20_000, gpus: 2 },
      { name: 'plenty', cpuMilli: 64_000, memoryMiB: 20_000, gpus: 2 },
    ];
    const fleet = createSlotFleet(nodes, 8);
    const policy = createSlotPolicy('gpuopt', GEOMETRY, EVEN, fleet);
    const kind = (at: number): SlotPod => ({ ...pod(2), cpuMilli: at % 2 === 0 ? 8000 : 500 });
    for (let at = 0; at < 40; at++) policy.learn(kind(at));
    for (let cycle = 0; cycle < 4; cycle++) policy.settle();
    expect(placeSlots(fleet, policy, kind(0))?.node).toBe(1);
    expect(placeSlots(fleet, policy, kind(1))?.node).toBe(0);
  });

  it('takes several whole GPUs of one node or none', () => {
    const fleet = createSlotFleet(NODES, 8);
    const policy = createSlotPolicy('gpuopt', GEOMETRY, EVEN, fleet);
    const placed = placeSlots(fleet, policy, pod(4, 2));
    expect(placed?.cuts).toHaveLength(2);
    expect(placeSlots(fleet, policy, pod(4, 3))).toBeUndefined();
    expect(freeSlots(fleet)).toBe(16);
  });

  const requests = fc.array(
    fc.record({ profile: fc.integer({ min: -1, max: 4 }), cpuMilli: fc.integer({ min: 0, max: 8000 }) }),
    { maxLength: 40 },
  );
  it.each(SLOT_POLICIES)('%s: no overlap, no overcommit, the same again, empty when freed', (name) => {
    fc.assert(
      fc.property(requests, (drafts) => {
        const run = (): unknown => {
          const fleet = createSlotFleet(NODES, 8);
          const policy = createSlotPolicy(name, GEOMETRY, EVEN, fleet);
          const kept: { readonly asked: SlotPod; readonly placed: SlotPlacement }[] = [];
          for (const { profile, cpuMilli } of drafts) {
            const asked = { cpuMilli, memoryMiB: 1, profile, count: 1 };
            policy.learn(asked);
            policy.settle();
            const before = freeSlots(fleet);
            const placed = placeSlots(fleet, policy, asked);
            if (placed === undefined) continue;
            expect(before - freeSlots(fleet)).toBe(GEOMETRY.profiles[profile]?.memorySlots ?? 0);
            kept.push({ asked, placed });
          }
          expect(fleet.cpuFree.every((free) => free >= 0)).toBe(true);
          const places = kept.map(({ placed }) => placed);
          for (const { asked, placed } of kept) releaseSlots(fleet, asked, placed);
          expect(freeSlots(fleet)).toBe(32);
          expect([...fleet.cpuFree]).toEqual([20_000, 20_000]);
          return places;
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 25, seed: 1 },
    );
  });
});
