/**
 * Each verb of the operator's own role is taken away in turn: the controller that needs it names it in the condition of
 * its objects, or, where it cannot, in log, metric and readiness; the others go on, and so does it when it is granted.
 */
import { afterAll, beforeAll, expect, describe as suite, test } from 'vitest';
import { kinds } from '../../operator/api/index.ts';
import { tokenReviewer } from '../../operator/growth/index.ts';
import { connect, describe, loadCluster, rbac } from '../../operator/runtime/index.ts';
import { until } from '../../operator/runtime/testing/index.ts';
import { gpuNode, gpuPod, gpuSpec } from './gpu/objects.ts';
import { Operator } from './rbac/operator.ts';
import { nameOf, type Right, Rights, refusalOf } from './rbac/rights.ts';
import { RightsWorld, type Subject, system } from './rbac/world.ts';

const patience = 60_000;
const names = { name: 'gpuopt', namespace: system, serviceAccount: 'gpuopt' };
const subjects: Readonly<Record<string, Subject>> = {
  gpupool: { kind: kinds.GPUPool, name: 'h100' },
  tenant: { kind: kinds.Tenant, name: 'acme' },
  pricebook: { kind: kinds.PriceBook, name: 'standard-1' },
  billingprovider: { kind: kinds.BillingProvider, name: 'stripe' },
  billingplan: { kind: kinds.BillingPlan, name: 'standard' },
  budget: { kind: kinds.Budget, name: 'globex-monthly' },
  usagecorrection: { kind: kinds.UsageCorrection, name: 'globex-node-down' },
  priceexperiment: { kind: kinds.PriceExperiment, name: 'first-quarter' },
  usagereport: { kind: kinds.UsageReport, name: 'usage-2026-10' },
  creditgrant: { kind: kinds.CreditGrant, name: 'globex-welcome' },
  optimizationpolicy: { kind: kinds.OptimizationPolicy, namespace: 'globex-infer', name: 'idle-gpus' },
  optimizationrecommendation: { kind: kinds.OptimizationRecommendation, namespace: 'globex-infer', name: 'kept' },
  growthcampaign: { kind: kinds.GrowthCampaign, namespace: 'growth', name: 'welcome' },
  messagingchannel: { kind: kinds.MessagingChannel, namespace: 'growth', name: 'news' },
};
const subject = (controller: string): Subject => {
  const found = subjects[controller];
  if (found === undefined) throw new TypeError(`controller ${controller} has no object in this scenario; add one`);
  return found;
};

let world: RightsWorld;
let rights: Rights;
let operator: Operator;

beforeAll(async () => {
  world = await RightsWorld.start();
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: system } };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: system, name: 'gpuopt' } };
  const roles = rbac(world.controllers(), names);
  await world.apply(namespace, account, ...roles, recommendation('kept', 'idle-gpus'));
  // Created, not applied: an apply drops the status, which says what the node has.
  await kubectl('delete', 'node', 'rbac-a', '--ignore-not-found');
  await world.cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(gpuNode('rbac', 'rbac-a')) });
  rights = new Rights(world.client, roles, `${system}:gpuopt`);
  operator = new Operator({
    kubeconfig: await world.cluster.kubeconfigForServiceAccount(system, 'gpuopt'),
    leaderElection: { namespace: system, name: 'gpuopt' },
    rooms: (log, registry) => world.rooms(log, registry),
  });
  await operator.start();
  for (const each of Object.values(subjects)) await world.isReported(each);
});

afterAll(async () => {
  await rights?.restore([]);
  await operator?.stop();
  const { cluster } = world;
  await cluster.kubectl([
    'delete',
    'ns/acme-rights',
    'node/rbac-a',
    'tenant/rights',
    '--ignore-not-found',
    '--wait=false',
  ]);
  await cluster.kubectl(['delete', 'clusterrole/gpuopt', 'clusterrolebinding/gpuopt', '--ignore-not-found']);
  await cluster.kubectl([
    'delete',
    'role/gpuopt',
    'rolebinding/gpuopt',
    'sa/gpuopt',
    '-n',
    system,
    '--ignore-not-found',
  ]);
  await world.end();
});

function recommendation(name: string, policy: string): object {
  const evidence = { queries: ['up'], windowSeconds: 1800, samples: 120, coveragePercent: 100, observations: [] };
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'OptimizationRecommendation',
    metadata: { name, namespace: 'globex-infer' },
    spec: {
      policyRef: { name: policy },
      targetRef: { apiVersion: 'v1', kind: 'Pod', name, uid: '6f2f1c52-6f3f-4a2f-9f57-1e9b8a2f0c11' },
      lever: 'Idle',
      current: 'one GPU held and not used',
      proposed: 'stop the pod',
      evidence,
      predicted: { gpuSecondsPerMonth: '2592000' },
      reason: 'it was idle',
    },
  };
}

interface Row {
  readonly right: string;
  /** What needs the right. */
  readonly provoke: () => Promise<unknown>;
  /** Whose condition names it; or the log, and the metric of this controller and request; or the log, and an event on the pod. */
  readonly told: Subject | readonly [controller: string, request: string] | 'event';
  /** That it was made up for; default: the object is reported on again. */
  readonly done?: () => Promise<unknown>;
  readonly start?: 'again';
}

const kubectl = (...args: readonly string[]): Promise<string> => world.cluster.kubectl(args);
const touched = (controller: string) => (): Promise<void> => world.touch(subject(controller));
const status = (controller: string): Row => {
  const { kind } = subject(controller);
  const resource = `${kind.plural}/status`;
  const told = [controller, `PATCH ${resource}`] as const;
  return {
    right: `patch ${resource}.${kind.group}`,
    provoke: touched(controller),
    told,
    done: () => world.isReported(subject(controller)),
  };
};
const growthLabel = (value: string) => (): Promise<string> =>
  kubectl('label', 'namespace', 'growth', `gpuoptimizer.io/growth=${value}`, '--overwrite');
const gpuWork = (name: string, gpus: number) => (): Promise<string> =>
  world.apply(gpuPod('acme-train', name, gpuSpec(gpus)));
const gatesOf = (name: string): Promise<string> =>
  kubectl('get', 'pod', name, '-n', 'acme-train', '-o', 'jsonpath={.spec.schedulingGates}');
const podEvents = (): Promise<string> =>
  kubectl('get', 'events.events.k8s.io', '-n', 'acme-train', '-o', 'jsonpath={.items[*].note}');
const reasonOf = (name: string): Promise<string> =>
  kubectl('get', 'pod', name, '-n', 'acme-train', '-o', 'jsonpath={.status.conditions[*].message}');

const orphan: Subject = { kind: kinds.OptimizationRecommendation, namespace: 'globex-infer', name: 'orphan' };
const newTenant: Subject = { kind: kinds.Tenant, name: 'rights' };
const campaign = subject('growthcampaign');

const rows: readonly Row[] = [
  ...Object.keys(subjects).map(status),
  {
    right: 'patch namespaces',
    provoke: () => kubectl('create', 'namespace', 'acme-rights'),
    told: subject('tenant'),
  },
  {
    right: 'patch tenants.gpuoptimizer.io',
    provoke: () =>
      world.apply({
        apiVersion: 'gpuoptimizer.io/v1alpha1',
        kind: 'Tenant',
        metadata: { name: 'rights' },
        spec: { selector: { namespaces: ['rights-*'] } },
      }),
    told: newTenant,
  },
  {
    right: 'create cronjobs.batch',
    provoke: () => kubectl('delete', 'cronjobs', '--all', '-n', 'growth'),
    told: campaign,
  },
  {
    right: 'patch cronjobs.batch',
    provoke: () =>
      kubectl(
        'patch',
        'growthcampaign',
        'welcome',
        '-n',
        'growth',
        '--type=merge',
        '-p',
        '{"spec":{"schedule":{"cron":"16 6 * * *"}}}',
      ),
    told: campaign,
  },
  {
    right: 'delete cronjobs.batch',
    provoke: growthLabel('false'),
    told: campaign,
    done: async () => {
      await until(
        'the CronJob is gone',
        async () => (await kubectl('get', 'cronjobs', '-n', 'growth', '-o', 'name')) === '',
        patience,
      );
      await growthLabel('true')();
      await until(
        'there is another',
        async () => (await kubectl('get', 'cronjobs', '-n', 'growth', '-o', 'name')) !== '',
        patience,
      );
    },
  },
  { right: 'get serviceaccounts', provoke: touched('growthcampaign'), told: campaign },
  {
    right: 'create serviceaccounts',
    provoke: async () => {
      await kubectl('delete', 'serviceaccounts', '--all', '-n', 'growth');
      await touched('growthcampaign')();
    },
    told: campaign,
  },
  { right: 'get secrets', provoke: touched('billingprovider'), told: subject('billingprovider') },
  {
    right: 'patch nodes',
    provoke: () => kubectl('label', 'node', 'rbac-a', 'gpuoptimizer.io/pool-'),
    told: ['poolnode', 'PATCH nodes'],
    done: () =>
      until(
        'the node carries its pool',
        async () => (await kubectl('get', 'node', 'rbac-a', '-o', 'jsonpath={.metadata.labels}')).includes('"h100"'),
        patience,
      ),
  },
  { right: 'get clusterpolicies.nvidia.com', provoke: touched('gpupool'), told: subject('gpupool'), start: 'again' },
  { right: 'get gpuclusters.nvidia.com', provoke: touched('gpupool'), told: subject('gpupool'), start: 'again' },
  {
    right: 'delete optimizationrecommendations.gpuoptimizer.io',
    provoke: () => world.apply(recommendation('orphan', 'none')),
    told: orphan,
    done: () => until('it is gone', async () => (await world.client.get(orphan.kind, orphan)) === undefined, patience),
  },
  {
    right: 'patch pods',
    provoke: gpuWork('fits', 1),
    told: 'event',
    // A refused release is planned again when something changes.
    done: async () => {
      await gpuWork('fits-too', 1)();
      await until(
        'both are released',
        async () => `${await gatesOf('fits')}${await gatesOf('fits-too')}` === '',
        patience,
      );
    },
  },
  {
    right: 'patch pods/status',
    provoke: gpuWork('waits', 64),
    told: ['planner', 'PATCH pods/status'],
    done: () => until('it says why', async () => (await reasonOf('waits')) !== '', patience),
  },
];

/**
 * Not taken away here: changes of nodes need NVIDIA's components (pools-reconfigure.test.ts runs them with the role as it is); a recommendation needs half an hour of telemetry (tuning.test.ts makes them with the role as it
 * is); events and leases are the runtime's and tried in rbac.test.ts.
 */
const elsewhere: readonly RegExp[] = [
  /^\w+ configmaps$/,
  /^create pods[/]eviction$/,
  /^create optimizationrecommendations[.]/,
  /^\w+ events[.]/,
  /^\w+ leases[.]/,
  // Not taken away in turn: what uses them needs a DRA driver, PodGroups or Kueue, whose scenarios have an admin's rights.
  /^\w+ (devicetaintrules|resourceclaimtemplates|resourceclaims(\/\w+)?)[.]resource[.]k8s[.]io$/,
  /^\w+ podgroups[.]scheduling[.]k8s[.]io$/,
  /^\w+ (admissionchecks|workloads)\/status[.]kueue/,
  // Read where the API has PodGroups, to tell since when.
  /^get apiservices[.]/,
];

/** Streams of initial events need `watch` alone; `get` and `list` are for reads beside the cache and for older servers. */
function isForOthers(right: Right): boolean {
  return right.verb === 'list' || right.resource.endsWith('/finalizers') || (right.verb === 'get' && isCached(right));
}
const isCached = ({ group, resource }: Right): boolean =>
  rights.all.some(
    (other) => other.verb === 'watch' && other.group === group && other.resource === resource && resource !== 'leases',
  );

async function goesOn(controller: string): Promise<void> {
  await world.settles(subject(controller));
}

suite('a verb that a controller of the operator needs', () => {
  test.each(rows)('$right', async ({ right: name, provoke, told, done, start }) => {
    const right = rights.named(name);
    await rights.without([right]);
    operator.forgetLog();
    if (start === 'again') await operator.start();
    await provoke();
    const condition = told !== 'event' && 'kind' in told ? told : undefined;
    const words = condition === undefined ? async () => operator.log() : () => world.words(condition);
    await until(`"${refusalOf(right)}" is told`, async () => (await words()).includes(refusalOf(right)), patience);
    if (told === 'event')
      await until('an event says it', async () => (await podEvents()).includes(refusalOf(right)), patience);
    else if (!('kind' in told)) {
      const line = new RegExp(`controller_forbidden_total\\{controller="${told[0]}",request="${told[1]}"\\} [1-9]`);
      await until('the metric counts it', async () => line.test(await operator.metrics()), patience);
    }
    await goesOn(name.includes('messagingchannels') ? 'pricebook' : 'messagingchannel');
    await rights.restore([right]);
    if (done !== undefined) await done();
    else if (condition !== undefined) await world.isReported(condition);
  });
});

suite('the watch of a kind', () => {
  const facts = (): ReturnType<typeof describe> => describe(world.controllers());
  const cached = ({
    indexes,
    owns,
    primary = '',
    reads,
    watches,
  }: ReturnType<typeof describe>[number]): readonly string[] => [
    primary,
    ...owns,
    ...reads,
    ...watches.map(({ kind }) => kind),
    ...indexes.map(({ kind }) => kind),
  ];

  test('is missed in turn: readiness and conditions name it, who does not need it goes on', async () => {
    const watched = rights.all.filter(({ resource, verb }) => verb === 'watch' && resource !== 'leases');
    expect(watched.length).toBeGreaterThan(10);
    for (const right of watched) {
      const kind = right.group === '' ? right.resource : `${right.resource}.${right.group}`;
      await rights.without([right]);
      await operator.start();
      await until(
        `readiness names ${kind}`,
        async () => (await operator.readyz()).includes(`[-]informer-${kind} failed`),
        patience,
      );
      await until(`the log names ${kind}`, () => operator.log().includes(refusalOf(right)), patience);
      const reporting = facts().filter(({ primary, reportsInStatus }) => reportsInStatus && primary !== kind);
      const blocked = reporting.filter((one) => cached(one).includes(kind)).map(({ name }) => name);
      const free = reporting.filter((one) => !cached(one).includes(kind)).map(({ name }) => name);
      for (const name of blocked) {
        await until(
          `${name} names ${kind}`,
          async () => (await world.words(subject(name))).includes(refusalOf(right)),
          patience,
        );
      }
      for (const name of free.slice(0, 2)) await goesOn(name);
      await rights.restore([right]);
      await until(
        `${kind} is read again`,
        async () => !(await operator.readyz()).includes(`informer-${kind} failed`),
        patience,
      );
      for (const name of blocked) await world.isReported(subject(name));
    }
  });

  test('is enough: what only other servers ask for is missed by nobody', async () => {
    const unused = rights.all.filter(isForOthers);
    await rights.without(unused);
    await operator.start();
    for (const name of Object.keys(subjects)) await goesOn(name);
    expect(await operator.metrics()).not.toMatch(/controller_forbidden_total\{[^}]*\} [1-9]/);
    await rights.restore(unused);
  });
});

const reviews = 'create tokenreviews.authentication.k8s.io';

test(`the server of campaign runs asks under the operator's account, and hears: ${reviews}`, async () => {
  const right = rights.named(reviews);
  const kubeconfig = await world.cluster.kubeconfigForServiceAccount(system, 'gpuopt');
  const { client, close } = connect(await loadCluster({ kubeconfig }));
  const review = tokenReviewer(client);
  await rights.without([right]);
  const message = expect.stringContaining(refusalOf(right));
  await expect(review('no-token', [])).rejects.toMatchObject({ code: 'Forbidden', message });
  await rights.restore([right]);
  expect((await review('no-token', [])).authenticated).not.toBe(true);
  await close();
});

test('every right of the role is accounted for', () => {
  const tried = new Set([...rows.map(({ right }) => right), reviews]);
  const open = rights.all
    .filter((right) => right.verb !== 'watch' && !isForOthers(right))
    .map(nameOf)
    .filter((name) => !tried.has(name) && !elsewhere.some((pattern) => pattern.test(name)));
  expect(open).toEqual([]);
});
