import { expect, test } from 'vitest';

import { Pod } from '../kube/index.ts';
import { runPass, type Thing } from '../runtime/testing/index.ts';
import { storeForFile } from '../store/testing/index.ts';
import { meteringController } from './controller.ts';
import { ground, namespaceOf, nodeOf, podOf } from './testing/world.ts';

const store = storeForFile();

async function see(now: string, pods: readonly Thing[], world: readonly Thing[] = ground) {
  const output = await runPass(meteringController(store()), { world: [...world, ...pods], now: new Date(now) });
  expect(output.result).toMatchObject({ result: 'success' });
  return output;
}

async function intervals(): Promise<readonly string[]> {
  const rows = await store().db.selectFrom('alloc_interval').selectAll().orderBy('opened_at').orderBy('uid').execute();
  return rows.map((row) => {
    const clock = (at: Date): string => at.toISOString().slice(11, 19);
    const end = row.closed_at === null ? 'open' : clock(row.closed_at);
    return `${row.pod} ${row.tenant} ${row.meter.slice(13)} x${row.units} ${clock(row.opened_at)}-${end}${row.estimated ? ' estimated' : ''}`;
  });
}

const day = '2026-01-01T';
const bound = `${day}10:00:00Z`;
const h100 = 'nvidia_h100_80gb_hbm3__full';
const scheduled = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: bound }];
const container = (name: string, state: object) => ({
  ...{ name, ready: false, restartCount: 0, image: '', imageID: '' },
  state,
});

test.each<[string, Parameters<typeof podOf>[0], readonly string[], boolean]>([
  ['waits at the gate', { name: 'p' }, [], false],
  ['runs', { name: 'p', bound, units: 8 }, [`p acme ${h100} x8 10:00:00-open`], false],
  ['finished', { name: 'p', bound, finished: `${day}10:20:00Z` }, [`p acme ${h100} x1 10:00:00-10:20:00`], true],
  [
    'finished by a clock ahead of ours',
    { name: 'p', bound, finished: `${day}12:00:00Z` },
    [`p acme ${h100} x1 10:00:00-11:00:00`],
    true,
  ],
  [
    'finished by a clock behind',
    { name: 'p', bound, finished: `${day}09:00:00Z` },
    [`p acme ${h100} x1 10:00:00-10:00:00`],
    true,
  ],
  [
    'is being deleted and still runs',
    { name: 'p', bound, deleted: `${day}10:30:00Z` },
    [`p acme ${h100} x1 10:00:00-open`],
    false,
  ],
  [
    'was deleted by force',
    { name: 'p', bound, deleted: `${day}10:30:00Z`, graceSeconds: 0 },
    [`p acme ${h100} x1 10:00:00-10:30:00 estimated`],
    true,
  ],
  ['is deleted before it was bound', { name: 'p', deleted: `${day}10:30:00Z` }, [], true],
  [
    'a slice',
    { name: 'p', bound, resource: 'nvidia.com/mig-1g.10gb', units: 2 },
    ['p acme nvidia_h100_80gb_hbm3__1g_10gb x2 10:00:00-open'],
    false,
  ],
  [
    'of nobody',
    { name: 'p', bound, namespace: 'default', held: 'free' },
    [`p _unassigned ${h100} x1 10:00:00-open`],
    false,
  ],
  [
    'failed with its node: only the init container had told its end',
    {
      name: 'p',
      bound,
      phase: 'Failed',
      status: {
        conditions: [...scheduled, { type: 'DisruptionTarget', status: 'True', lastTransitionTime: `${day}10:50:00Z` }],
        initContainerStatuses: [container('init', { terminated: { exitCode: 0, finishedAt: `${day}10:01:00Z` } })],
        containerStatuses: [container('main', { running: { startedAt: `${day}10:01:01Z` } })],
      },
    },
    [`p acme ${h100} x1 10:00:00-10:50:00 estimated`],
    true,
  ],
  [
    'ended with its init container: the others never ran',
    {
      name: 'p',
      bound,
      phase: 'Failed',
      status: {
        conditions: scheduled,
        initContainerStatuses: [container('init', { terminated: { exitCode: 1, finishedAt: `${day}10:01:00Z` } })],
        containerStatuses: [container('main', { waiting: { reason: 'PodInitializing' } })],
      },
    },
    [`p acme ${h100} x1 10:00:00-10:01:00`],
    true,
  ],
  [
    'was rejected by its kubelet: nobody pays until we looked',
    {
      name: 'p',
      bound,
      phase: 'Failed',
      status: { conditions: scheduled, startTime: `${day}10:00:02Z`, containerStatuses: [] },
    },
    [`p acme ${h100} x1 10:00:00-10:00:02 estimated`],
    true,
  ],
  [
    'holds network cards of the same vendor too',
    { name: 'p', bound, units: 8, further: { 'nvidia.com/hostdev': '8', 'nvidia.com/gpumem': '3000' } },
    [`p acme ${h100} x8 10:00:00-open`],
    false,
  ],
  [
    'was held for a GPU that it never got',
    { name: 'p', bound, units: 0, phase: 'Succeeded', finished: `${day}10:30:00Z` },
    [],
    true,
  ],
  ['whose node is not known yet', { name: 'p', bound, node: 'new' }, [], false],
  ['whose tenant label is not seen yet', { name: 'p', bound, namespace: 'new' }, [], false],
])('a pod that %s', async (_, sketch, expected, released) => {
  const first = await see(`${day}11:00:00Z`, [podOf(sketch)]);
  expect(await intervals()).toEqual(expected);
  const finalizers = (output: typeof first): unknown =>
    output.get(Pod, { namespace: sketch.namespace ?? 'acme-train', name: 'p' })?.metadata.finalizers ?? [];
  const before = sketch.held === 'free' ? [] : ['example.com/other', 'gpuoptimizer.io/metering'];
  expect(finalizers(first)).toEqual(released ? ['example.com/other'] : before);
  await first.again();
  expect(await intervals()).toEqual(expected);
});

test('restart with everything changed meanwhile: ends come from the pods, the gone closes where it was last seen', async () => {
  await see(`${day}10:00:10Z`, [
    podOf({ name: 'ends', bound }),
    podOf({ name: 'gone', bound }),
    podOf({ name: 'stays', bound }),
  ]);
  await see(`${day}14:00:00Z`, [
    podOf({ name: 'ends', bound, finished: `${day}12:00:00Z` }),
    podOf({ name: 'stays', bound }),
    podOf({ name: 'short', bound: `${day}11:00:00Z`, finished: `${day}11:00:07Z` }),
  ]);
  expect(await intervals()).toEqual([
    `ends acme ${h100} x1 10:00:00-12:00:00`,
    `gone acme ${h100} x1 10:00:00-10:00:10 estimated`,
    `stays acme ${h100} x1 10:00:00-open`,
    `short acme ${h100} x1 11:00:00-11:00:07`,
  ]);
});

const nodes = [nodeOf('h100', 'NVIDIA-H100-80GB-HBM3')];
const globex = [namespaceOf('acme-train', 'globex'), ...nodes];
const nobody = [namespaceOf('acme-train'), ...nodes];
type Look = readonly [at: string, world: readonly Thing[], finished?: string];

test.each<[string, readonly Look[], readonly string[]]>([
  [
    'goes over with the next window',
    [
      ['10:10:00', ground],
      ['10:30:00', globex],
      ['10:59:59', globex],
      ['11:00:04', globex],
    ],
    ['acme 10:00:00-11:00:00', 'globex 11:00:00-open'],
  ],
  [
    'stays for the window in which it was seen',
    [
      ['10:10:00', ground],
      ['10:59:59', globex],
    ],
    ['acme 10:00:00-open'],
  ],
  [
    'and back within the window stays',
    [
      ['10:10:00', ground],
      ['10:30:00', globex],
      ['10:40:00', ground],
      ['11:00:04', ground],
    ],
    ['acme 10:00:00-open'],
  ],
  [
    'goes over with the window after nobody looked for hours',
    [
      ['10:10:00', ground],
      ['14:30:00', globex],
    ],
    ['acme 10:00:00-11:00:00', 'globex 11:00:00-open'],
  ],
  [
    'ends with the pod before that',
    [
      ['10:10:00', ground],
      ['11:00:04', globex, '10:59:00'],
    ],
    ['acme 10:00:00-10:59:00'],
  ],
  [
    'goes over before the pod ends',
    [
      ['10:10:00', ground],
      ['11:00:04', globex, '11:00:02'],
    ],
    ['acme 10:00:00-11:00:00', 'globex 11:00:00-11:00:02'],
  ],
  [
    "that is nobody's any more goes over too",
    [
      ['10:10:00', ground],
      ['10:30:00', nobody],
      ['11:00:04', nobody],
    ],
    ['acme 10:00:00-11:00:00', '_unassigned 11:00:00-open'],
  ],
])('a namespace that changes hands: what runs in it %s', async (_, looks, expected) => {
  for (const [at, world, finished] of looks) {
    const end = finished === undefined ? {} : { finished: `${day}${finished}Z` };
    const output = await see(`${day}${at}Z`, [podOf({ name: 'p', bound, ...end })], world);
    await output.again();
  }
  expect((await intervals()).map((one) => one.replace(`p `, '').replace(`${h100} x1 `, ''))).toEqual(expected);
});

test('killed between the store and the patch: the next process stores nothing twice and lets the pod go', async () => {
  const pods = [podOf({ name: 'p', bound, finished: `${day}10:20:00Z` })];
  const crash = runPass(meteringController(store()), {
    world: [...ground, ...pods],
    now: new Date(`${day}11:00:00Z`),
    intercept: () => {
      throw new Error('killed');
    },
  });
  await crash;
  const after = await see(`${day}11:00:05Z`, pods);
  expect(await intervals()).toEqual([`p acme ${h100} x1 10:00:00-10:20:00`]);
  expect(after.get(Pod, { namespace: 'acme-train', name: 'p' })?.metadata.finalizers).toEqual(['example.com/other']);
});

test('a pod bound without a scheduler, whose bind time is told later, is stored once over a restart', async () => {
  const early = podOf({ name: 'p', bound, status: { conditions: [] } });
  await see(`${day}10:00:10Z`, [early]);
  const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: `${day}10:00:30Z` }];
  const terminated = container('main', { terminated: { exitCode: 0, finishedAt: `${day}10:20:00Z` } });
  const ended = podOf({
    name: 'p',
    bound,
    phase: 'Succeeded',
    status: { conditions, containerStatuses: [terminated] },
  });
  await see(`${day}10:21:00Z`, [ended]);
  await see(`${day}10:30:00Z`, [ended]);
  expect(await intervals()).toEqual([`p acme ${h100} x1 10:00:00-10:20:00`]);
});

test('a pod that was taken for gone and shows again is metered on from where it was last seen', async () => {
  const pods = [podOf({ name: 'p', bound })];
  await see(`${day}10:10:00Z`, pods);
  await see(`${day}10:10:05Z`, []);
  await see(`${day}10:10:10Z`, pods);
  await see(`${day}10:30:00Z`, [podOf({ name: 'p', bound, finished: `${day}10:29:00Z` })]);
  expect(await intervals()).toEqual([
    `p acme ${h100} x1 10:00:00-10:10:00 estimated`,
    `p acme ${h100} x1 10:10:00-10:29:00`,
  ]);
});
