import { expect, test } from 'vitest';
import { Pod, ResourceClaim, ResourceSlice } from '../../kube/index.ts';
import { runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { meteringController } from '../controller.ts';
import { ground, podOf } from '../testing/world.ts';

const store = storeForFile();

const DRIVER = 'gpu.nvidia.com';
const day = '2026-01-01T';
const bound = `${day}10:00:02Z`;

/** One whole GPU, and one that claims may share. */
const slice = thing(ResourceSlice, {
  metadata: { name: 's', uid: 's' },
  spec: {
    driver: DRIVER,
    nodeName: 'h100',
    pool: { name: 'h100', generation: 1, resourceSliceCount: 1 },
    devices: ['gpu-0', 'gpu-1'].map((name) => ({
      name,
      attributes: { type: { string: 'gpu' }, productName: { string: 'NVIDIA H100 80GB HBM3' } },
      capacity: { memory: { value: '80Gi' } },
      allowMultipleAllocations: name === 'gpu-1',
    })),
  },
});

type Result = Readonly<Record<string, unknown>>;

function claimOf(name: string, results: readonly Result[], pods: readonly string[] = []): Thing {
  const whole = results.map((result) => ({ request: 'gpu', driver: DRIVER, pool: 'h100', device: 'gpu-0', ...result }));
  return thing(ResourceClaim, {
    metadata: { namespace: 'acme-train', name, uid: `uid-${name}` },
    spec: {},
    status: {
      allocation:
        results.length === 0 ? undefined : { allocationTimestamp: `${day}10:00:00Z`, devices: { results: whole } },
      reservedFor: pods.map((pod) => ({ resource: 'pods', name: pod, uid: `uid-${pod}` })),
    },
  });
}

/** A pod that holds nothing but a claim. */
function userOf(name: string, claim: string, finished?: string): Thing {
  const { object } = podOf({ name, bound, finished });
  const spec = { nodeName: 'h100', containers: [], resourceClaims: [{ name: 'gpu', resourceClaimName: claim }] };
  return thing(Pod, { ...object, spec });
}

async function see(now: string, things: readonly Thing[]) {
  const world = [...ground, slice, ...things];
  const output = await runPass(meteringController(store()), { world, now: new Date(`${day}${now}Z`) });
  expect(output.result).toMatchObject({ result: 'success' });
  return output;
}

async function intervals(): Promise<readonly string[]> {
  const rows = await store().db.selectFrom('alloc_interval').selectAll().orderBy('opened_at').orderBy('uid').execute();
  return rows.map((row) => {
    const clock = (at: Date): string => at.toISOString().slice(11, 19);
    const end = row.closed_at === null ? 'open' : clock(row.closed_at);
    return `${row.pod} ${row.tenant} ${row.profile} ${row.device_key.slice(15)} ${clock(row.opened_at)}-${end}${row.estimated ? ' estimated' : ''}`;
  });
}

test('a claim is billed once for all its pods, from the first bind to the last end, over a restart', async () => {
  await see('10:00:05', [claimOf('c', [{}], ['a', 'b']), userOf('a', 'c'), userOf('b', 'c')]);
  expect(await intervals()).toEqual(['c acme full h100/gpu-0 10:00:02-open']);
  const ended = await see('10:30:00', [userOf('a', 'c', `${day}10:10:00Z`), userOf('b', 'c', `${day}10:20:00Z`)]);
  expect(await intervals()).toEqual(['c acme full h100/gpu-0 10:00:02-10:20:00']);
  expect(ended.get(Pod, { namespace: 'acme-train', name: 'a' })?.metadata.finalizers).toEqual(['example.com/other']);
  await see('10:31:00', [claimOf('c', [{}], ['b']), userOf('b', 'c', `${day}10:20:00Z`)]);
  expect(await intervals()).toHaveLength(1);
});

test('administration is free, a share is metered apart, and a claim that nobody reserved is not billed', async () => {
  const share = { device: 'gpu-1', shareID: 'x', consumedCapacity: { memory: '20Gi' } };
  await see('10:00:05', [
    claimOf('admin', [{ adminAccess: true }], ['a']),
    claimOf('share', [share], ['a']),
    claimOf('idle', [{}]),
    claimOf('held', [{}], ['nobody-yet']),
    userOf('a', 'share'),
  ]);
  expect(await intervals()).toEqual([
    'held acme full h100/gpu-0 10:00:00-open',
    'share acme share250 h100/gpu-1/x 10:00:02-open',
  ]);
});

test('of a claim that is gone with its pods nobody pays for time that nobody saw', async () => {
  await see('10:00:05', [claimOf('c', [{}], ['a']), userOf('a', 'c')]);
  await see('12:00:00', []);
  expect(await intervals()).toEqual(['c acme full h100/gpu-0 10:00:02-10:00:05 estimated']);
});
