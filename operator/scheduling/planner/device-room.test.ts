import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from './demand.ts';
import { chooseDevice, countDevices, createDeviceRoom, type DeviceRoomFacts, type RoomDevice } from './device-room.ts';
import { hold, release, take } from './hold.ts';
import { plan } from './plan.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { takeFromRoom } from './room-take.ts';
import { createSnapshot } from './snapshot.ts';
import type { Member, NodeFacts } from './types.ts';

/** Profiles of a GPU with seven compute and eight memory slices: slices, starts, charged and physical thousandths. */
const PROFILES = {
  '1g': [1, [0, 1, 2, 3, 4, 5, 6], 142, 125],
  '2g': [2, [0, 2, 4], 285, 250],
  '3g': [4, [0, 4], 500, 500],
  '4g': [4, [0], 571, 500],
  gpu: [8, [0], 1000, 1000],
} as const;
type ProfileName = keyof typeof PROFILES;

/** A room of GPUs that are cut on demand; counter 8·g + s is memory slice s of GPU g. */
function cutRoom(gpus: number, ill: readonly string[] = []): DeviceRoomFacts {
  const devices = Array.from({ length: gpus }, (_, gpu) =>
    Object.entries(PROFILES).flatMap(([profile, [slices, starts, milli, shareMilli]]) =>
      starts.map((start): RoomDevice => {
        const name = `gpu-${gpu}-${profile}-${start}`;
        const takes = Array.from({ length: slices }, (_, at): [number, number] => [8 * gpu + start + at, 1]);
        return { name, resource: profile, group: gpu, takes, usable: !ill.includes(name), milli, shareMilli };
      }),
    ),
  ).flat();
  const sorted = devices.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { devices: sorted, counters: Array(8 * gpus).fill(1), gpus, aliases: {} };
}

function cutNode(name: string, gpus: number): NodeFacts {
  const room = cutRoom(gpus);
  const empty = createDeviceRoom(room);
  const resources = empty.resources.map((resource) => ({
    name: resource,
    count: countDevices(empty, resource),
    milliEach: PROFILES[resource as ProfileName][2],
  }));
  return testNode(name, { gpus: { count: 0, resource: '', replicas: 1 }, resources, room });
}

function pod(key: string, resource: string, count = 1): Member {
  return testPod(key, 0, { gpus: [{ kind: 'devices', resource, count }] });
}

describe('the devices of a node', () => {
  it.each<{ readonly name: string; readonly asked: readonly ProfileName[]; readonly want: readonly string[] }>([
    { name: '1g from the end, so that 4g stays possible', asked: ['1g', '1g', '4g'], want: ['6', '5', '0'] },
    { name: '3g after 4g', asked: ['3g', '4g'], want: ['4', '0'] },
    { name: 'nothing more when the GPU is full', asked: ['3g', '4g', '1g'], want: ['4', '0', 'none'] },
    { name: '2g where it costs no 4g', asked: ['2g', '4g'], want: ['4', '0'] },
  ])('are chosen: $name', ({ asked, want }) => {
    const room = createDeviceRoom(cutRoom(1));
    const got = asked.map((profile) => takeFromRoom(room, profile, 1, [])[0]?.name.split('-').at(-1) ?? 'none');
    expect(got).toEqual(want);
  });

  it('leaves whole GPUs whole while a cut one has room, and takes no ill device', () => {
    expect(chooseDevice(createDeviceRoom(cutRoom(1, ['gpu-0-1g-6'])), '1g')?.name).toBe('gpu-0-1g-5');
    const room = createDeviceRoom(cutRoom(2));
    expect(takeFromRoom(room, '1g', 2, []).map(({ name }) => name)).toEqual(['gpu-0-1g-6', 'gpu-0-1g-5']);
    expect(chooseDevice(room, 'gpu')?.name).toBe('gpu-1-gpu-0');
    expect(takeFromRoom(room, 'gpu', 2, [])).toHaveLength(1);
  });

  it('holds what is named, charges by the larger share and gives all back', () => {
    const snapshot = createSnapshot([cutNode('n', 1)]);
    const held = { key: '#claim/a/x', node: 'n', tenant: 't', pods: 0, devices: ['gpu-0-1g-2'] } as const;
    hold(snapshot, { ...held, cpuMilli: 0, memoryMiB: 0, gpus: pod('', '1g').gpus });
    expect(snapshot.taken.get(held.key)?.devices.map(({ name }) => name)).toEqual(['gpu-0-1g-2']);
    expect([snapshot.usedMilli.get('t')?.get(''), snapshot.idleMilli[0]]).toEqual([142, 875]);
    expect(snapshot.podsFree[0]).toBe(createSnapshot(snapshot.nodes).podsFree[0]);
    expect(take(snapshot, 'a/p', 0, compile(snapshot, pod('a/p', '4g')))).toBeUndefined();
    release(snapshot, held.key);
    expect(take(snapshot, 'a/p', 0, compile(snapshot, pod('a/p', '4g')))?.devices[0]?.name).toBe('gpu-0-4g-0');
  });

  it('are part of a plan: a gang is placed whole, with its devices, or not at all', () => {
    const gang = (key: string, shapes: readonly ProfileName[]) =>
      testGang(
        key,
        shapes.map((shape, at) => pod(`${key}/${at}`, shape)),
      );
    const output = plan({
      nodes: [cutNode('n', 2)],
      held: [],
      queue: [gang('fits', ['3g', '4g', '1g', '1g', '4g']), gang('waits', ['3g', '1g'])],
      quotas: [],
      policy: BEST_FIT,
    });
    expect(output.place.map(({ devices }) => devices[0]?.name)).toEqual([
      'gpu-0-3g-4',
      'gpu-0-4g-0',
      'gpu-1-1g-6',
      'gpu-1-1g-5',
      'gpu-1-4g-0',
    ]);
    expect(output.waiting.map(({ gang: key }) => key)).toEqual(['waits']);
  });

  it('never overlap, and an emptied node is as new', () => {
    const profiles = fc.constantFrom<ProfileName>('1g', '2g', '3g', '4g', 'gpu');
    const asked = fc.array(fc.record({ profile: profiles, count: fc.integer({ min: 1, max: 3 }) }), { maxLength: 30 });
    fc.assert(
      fc.property(asked, (demands) => {
        const snapshot = createSnapshot([cutNode('n', 2)]);
        const used = new Map<number, number>();
        for (const [at, { profile, count }] of demands.entries()) {
          const taken = take(snapshot, `p${at}`, 0, compile(snapshot, pod(`p${at}`, profile, count)));
          for (const [counter] of taken?.devices.flatMap(({ takes }) => takes) ?? []) {
            used.set(counter, (used.get(counter) ?? 0) + 1);
          }
        }
        expect(Math.max(0, ...used.values())).toBeLessThanOrEqual(1);
        expect(snapshot.idleMilli[0]).toBeGreaterThanOrEqual(0);
        for (const key of [...snapshot.taken.keys()]) release(snapshot, key);
        const fresh = createSnapshot(snapshot.nodes);
        expect([...snapshot.namedFree]).toEqual([...fresh.namedFree]);
        expect([...(snapshot.rooms[0]?.free ?? [])]).toEqual([...(fresh.rooms[0]?.free ?? [])]);
        expect(snapshot.idleMilli[0]).toBe(fresh.idleMilli[0]);
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});
