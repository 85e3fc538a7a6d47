import { expect, test } from 'vitest';

import { kinds } from '../../api/index.ts';
import { ResourceClaim, ResourceSlice } from '../../kube/index.ts';
import { runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { meteringController } from '../controller.ts';
import { ground, namespaceOf, nodeOf, type PodSketch, podOf } from '../testing/world.ts';

const store = storeForFile();

const apiVersion = 'gpuoptimizer.io/v1alpha1';
const day = '2026-01-01T';
const bound = `${day}10:00:00Z`;

type BillFrom = 'Bound' | 'Running';

/** A plan of the tenants' name, or none where they name one that is not there. */
function plans(name: string, billFrom?: BillFrom): readonly Thing[] {
  const spec = { selector: { namespaces: ['acme-train'] }, planRef: { name } };
  const tenant = thing(kinds.Tenant, { apiVersion, kind: 'Tenant', metadata: { name }, spec });
  const plan = thing(kinds.BillingPlan, {
    ...{ apiVersion, kind: 'BillingPlan', metadata: { name } },
    spec: { book: 'standard', ...(billFrom !== undefined && { billFrom }) },
  });
  return [tenant, plan];
}

const namesNoPlan = thing(kinds.Tenant, {
  ...{ apiVersion, kind: 'Tenant', metadata: { name: 'acme' } },
  spec: { selector: { namespaces: ['acme-train'] } },
});
const planIsMissing = plans('acme').slice(0, 1);
const [onBound, onRunning] = [plans('acme', 'Bound'), plans('acme', 'Running')];
const globex = [namespaceOf('acme-train', 'globex'), nodeOf('h100', 'NVIDIA-H100-80GB-HBM3'), ...plans('globex')];

const waiting = { containerStatuses: [container({ waiting: { reason: 'ContainerCreating' } })] };
const startedAt = (at: string) => ({ containerStatuses: [container({ running: { startedAt: `${day}${at}Z` } })] });
const ended = (from: string, to: string) => ({
  phase: 'Succeeded',
  containerStatuses: [
    container({ terminated: { exitCode: 0, startedAt: `${day}${from}Z`, finishedAt: `${day}${to}Z` } }),
  ],
});

function container(state: object) {
  return { name: 'main', ready: false, restartCount: 0, image: '', imageID: '', state };
}

function pod(status: PodSketch['status'], over: Partial<PodSketch> = {}): Thing {
  const scheduled = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: bound }];
  return podOf({ name: 'p', bound, status: { conditions: scheduled, ...status }, ...over });
}

/** What a pass finds: where nothing is said of the operator it is the one of before, with its memory. */
interface Look {
  readonly at: string;
  readonly world: readonly Thing[];
  readonly things: readonly Thing[];
  readonly restarted?: boolean;
}

const look = (at: string, plan: readonly Thing[], ...things: readonly Thing[]): Look => ({
  ...{ at, things },
  world: plan[0]?.kind === ground[0]?.kind ? plan : [...ground, ...plan],
});
const restart = (one: Look): Look => ({ ...one, restarted: true });

async function see(looks: readonly Look[]): Promise<readonly string[]> {
  let controller = meteringController(store());
  for (const { at, world, things, restarted } of looks) {
    if (restarted) controller = meteringController(store());
    const output = await runPass(controller, { world: [...world, ...things], now: new Date(`${day}${at}Z`) });
    expect(output.result).toMatchObject({ result: 'success' });
  }
  const rows = await store().db.selectFrom('alloc_interval').selectAll().orderBy('opened_at').execute();
  const clock = (at: Date): string => at.toISOString().slice(11, 19);
  return rows.map(({ tenant, opened_at, closed_at }) => {
    return `${tenant} ${clock(opened_at)}-${closed_at === null ? 'open' : clock(closed_at)}`;
  });
}

test.each<[string, readonly Look[], readonly string[]]>([
  [
    'a plan that says nothing counts from the bind',
    [look('10:05:00', plans('acme'), pod(waiting))],
    ['acme 10:00:00-open'],
  ],
  [
    'a tenant without a plan counts from the bind',
    [look('10:05:00', [namesNoPlan], pod(waiting))],
    ['acme 10:00:00-open'],
  ],
  ['a pod that waits for its image is free', [look('10:05:00', onRunning, pod(waiting))], []],
  ['while the named plan is not there, waiting is free', [look('10:05:00', planIsMissing, pod(waiting))], []],
  [
    'it counts from the start, though it was seen waiting and the operator restarted',
    [
      look('10:01:00', onRunning, pod(waiting)),
      restart(look('10:05:00', onRunning, pod(startedAt('10:04:00')))),
      restart(look('10:20:00', onRunning, pod(ended('10:04:00', '10:10:00')))),
    ],
    ['acme 10:04:00-10:10:00'],
  ],
  [
    'what came and went while the operator was away counts from the start too',
    [look('10:20:00', onRunning, pod(ended('10:04:00', '10:10:00')))],
    ['acme 10:04:00-10:10:00'],
  ],
  [
    'a pod that failed before any container ran costs nothing',
    [
      look('10:05:00', onRunning, pod(waiting)),
      look('10:20:00', onRunning, pod({ ...ended('10:04:00', '10:10:00'), phase: 'Failed', containerStatuses: [] })),
    ],
    [],
  ],
  [
    'a pod that was deleted by force before it ran costs nothing',
    [look('10:20:00', onRunning, pod(waiting, { deleted: `${day}10:10:00Z`, graceSeconds: 0 }))],
    [],
  ],
  [
    'a container that restarts does not date the interval anew',
    [
      look('10:05:00', onRunning, pod(startedAt('10:04:00'))),
      look('10:06:00', onRunning, pod(waiting)),
      restart(look('10:08:00', onRunning, pod(startedAt('10:07:00')))),
    ],
    ['acme 10:04:00-open'],
  ],
  [
    'what counts goes on when the plan turns to the start',
    [
      look('10:01:00', onBound, pod(waiting)),
      look('10:02:00', onRunning, pod(waiting)),
      restart(look('10:20:00', onRunning, pod(ended('10:04:00', '10:10:00')))),
    ],
    ['acme 10:00:00-10:10:00'],
  ],
  [
    'what counts goes on when the plan turns to the bind',
    [look('10:05:00', onRunning, pod(startedAt('10:04:00'))), look('10:06:00', onBound, pod(startedAt('10:04:00')))],
    ['acme 10:04:00-open'],
  ],
  [
    'what waits counts from when the plan was seen to turn to the bind',
    [look('10:01:00', onRunning, pod(waiting)), look('10:03:00', onBound, pod(waiting))],
    ['acme 10:03:00-open'],
  ],
  [
    'also if it turned while the operator was away',
    [look('10:01:00', onRunning, pod(waiting)), restart(look('10:30:00', onBound, pod(waiting)))],
    ['acme 10:30:00-open'],
  ],
  [
    'or from its start if that came first',
    [look('10:01:00', onRunning, pod(waiting)), restart(look('10:30:00', onBound, pod(startedAt('10:04:00'))))],
    ['acme 10:04:00-open'],
  ],
  [
    'and is free if it ended before without a start',
    [
      look('10:01:00', onRunning, pod(waiting)),
      restart(look('10:30:00', onBound, pod(waiting, { deleted: `${day}10:10:00Z`, graceSeconds: 0 }))),
    ],
    [],
  ],
  [
    'what is bound after the plan turned to the bind counts from the bind again',
    [look('09:00:00', onRunning), look('09:30:00', onBound), restart(look('10:05:00', onBound, pod(waiting)))],
    ['acme 10:00:00-open'],
  ],
  [
    'a namespace that goes over to a tenant who pays from the bind: he does not pay for the waiting of before',
    [look('10:01:00', onRunning, pod(waiting)), restart(look('10:03:00', globex, pod(waiting)))],
    ['globex 10:03:00-open'],
  ],
  [
    'while the tenant is not there, what was known of the namespace holds',
    [look('10:01:00', onRunning, pod(waiting)), look('10:03:00', [], pod(waiting))],
    [],
  ],
])('%s', async (_, looks, expected) => {
  expect(await see(looks)).toEqual(expected);
});

const DRIVER = 'gpu.nvidia.com';
const slice = thing(ResourceSlice, {
  metadata: { name: 's', uid: 's' },
  spec: {
    ...{ driver: DRIVER, nodeName: 'h100', pool: { name: 'h100', generation: 1, resourceSliceCount: 1 } },
    devices: [
      {
        name: 'gpu-0',
        attributes: { type: { string: 'gpu' }, productName: { string: 'NVIDIA H100 80GB HBM3' } },
        capacity: { memory: { value: '80Gi' } },
      },
    ],
  },
});
const claim = thing(ResourceClaim, {
  metadata: { namespace: 'acme-train', name: 'c', uid: 'uid-c' },
  spec: {},
  status: {
    allocation: {
      allocationTimestamp: `${day}09:59:59Z`,
      devices: { results: [{ request: 'gpu', driver: DRIVER, pool: 'h100', device: 'gpu-0' }] },
    },
    reservedFor: [{ resource: 'pods', name: 'a', uid: 'uid-a' }],
  },
});

/** A pod that holds nothing but the claim. */
function user(name: string, status: PodSketch['status']): Thing {
  const { object, kind } = pod(status, { name });
  const spec = { nodeName: 'h100', containers: [], resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] };
  return { kind, object: { ...object, spec } as Thing['object'] };
}

test.each<[string, readonly Look[], readonly string[]]>([
  [
    'is free while nothing runs, though it is reserved',
    [look('10:05:00', onRunning, slice, claim, user('a', waiting))],
    [],
  ],
  ['is free while no pod that reserves it is seen', [look('10:05:00', onRunning, slice, claim)], []],
  [
    'counts from the bind by default',
    [look('10:05:00', onBound, slice, claim, user('a', waiting))],
    ['acme 10:00:00-open'],
  ],
  [
    'counts from the first start to the last end',
    [
      look('10:05:00', onRunning, slice, claim, user('a', startedAt('10:03:00')), user('b', waiting)),
      restart(look('10:30:00', onRunning, slice, claim, user('a', ended('10:03:00', '10:06:00')), user('b', waiting))),
      look(
        '10:31:00',
        onRunning,
        slice,
        user('a', ended('10:03:00', '10:06:00')),
        user('b', ended('10:08:00', '10:20:00')),
      ),
    ],
    ['acme 10:03:00-10:20:00'],
  ],
  [
    'that waits counts from when the plan was seen to turn to the bind',
    [
      look('10:01:00', onRunning, slice, claim, user('a', waiting)),
      restart(look('10:03:00', onBound, slice, claim, user('a', waiting))),
    ],
    ['acme 10:03:00-open'],
  ],
])('a claim %s', async (_, looks, expected) => {
  expect(await see(looks)).toEqual(expected);
});
