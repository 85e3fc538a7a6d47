/** Each verb of the generated roles is taken away in turn: whoever needs it names it, the others go on, and so does it when it is granted again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect, loadCluster, rbac } from '../../operator/runtime/index.ts';
import { Toy, until } from '../../operator/runtime/testing/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { Operator } from './rbac/operator.ts';
import { nameOf, Rights, refusalOf } from './rbac/rights.ts';
import { controllers, Gadget } from './rbac/toys.ts';
import { crd } from './runtime/toys.ts';

const system = 'toy-system';
const box = 'toy-box';
const names = { name: 'toys', namespace: system, serviceAccount: 'toys' };
const roles = rbac(controllers, names);
const patience = 60_000;

let cluster: Cluster;
let client: Client;
let close: () => Promise<void> = async () => undefined;
let rights: Rights;
let operator: Operator;
let sizes = 1;

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  ({ client, close } = connect(await loadCluster({ kubeconfig: cluster.kubeconfig })));
  const namespace = (name: string): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: system, name: 'toys' } };
  const kinds = [crd('Toy', 'toys'), crd('Gadget', 'gadgets')];
  const items = [namespace(system), namespace(box), account, ...kinds, ...roles];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input });
  const crds = ['crd/toys.example.com', 'crd/gadgets.example.com'];
  await cluster.kubectl(['wait', '--for=condition=Established', ...crds, '--timeout=60s']);
  rights = new Rights(client, roles, `${system}:toys`);
  operator = new Operator({
    kubeconfig: await cluster.kubeconfigForServiceAccount(system, 'toys'),
    leaderElection: { namespace: system, name: 'toys' },
    rooms: () => [{ name: 'toys', controllers, runnables: [] }],
  });
  await operator.start();
  await settles(Toy, 'one');
  await settles(Gadget, 'one');
});

afterAll(async () => {
  await rights?.restore([]);
  for (const kind of [Toy, Gadget]) {
    for (const { metadata } of await client.list(kind, { namespace: box }))
      await client.remove(kind, { namespace: box, name: metadata.name ?? '' }, {});
  }
  await until('all toys are gone', async () => (await client.list(Toy, { namespace: box })).length === 0, patience);
  await operator?.stop();
  const crds = ['crd/toys.example.com', 'crd/gadgets.example.com'];
  await cluster.kubectl(['delete', `ns/${box}`, `ns/${system}`, ...crds, '--ignore-not-found']);
  await cluster.kubectl(['delete', 'clusterrole/toys', 'clusterrolebinding/toys', '--ignore-not-found']);
  await close();
  await cluster.release();
});

/** Gives an object a size that it did not have; makes it if it is not there. */
async function resize(kind: typeof Toy, name: string, size?: number): Promise<void> {
  sizes += 1;
  const metadata = { namespace: box, name };
  const body = { apiVersion: 'example.com/v1', kind: kind.kind, metadata, spec: { size: size ?? sizes } };
  await client.apply(kind, body, { manager: 'scenario' });
}

/** `True:InForce: the note holds the size`, of the present generation; empty before. */
async function ready(kind: typeof Toy, name: string): Promise<string> {
  const object = await client.get(kind, { namespace: box, name });
  const condition = object?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition?.observedGeneration !== object?.metadata.generation) return '';
  return `${condition?.status}:${condition?.reason}: ${condition?.message}`;
}

/** Changes an object and waits until its controller is done with it. */
async function settles(kind: typeof Toy, name: string): Promise<void> {
  await resize(kind, name);
  await until(`${kind.kind} ${name} is ready`, async () => (await ready(kind, name)).startsWith('True:'), patience);
}

interface Row {
  readonly right: string;
  /** What needs the right. */
  readonly provoke: () => Promise<void>;
  /** Whose condition names it; a controller that cannot write conditions or see its objects says it in the log. */
  readonly told: { readonly kind: typeof Toy; readonly name: string } | 'log';
  readonly also?: () => Promise<void>;
  /** Who goes on meanwhile. */
  readonly other: typeof Toy;
  /** Lists and watches are asked for at the start alone. */
  readonly start?: 'again';
}

const forbidden = (controller: string, request: string) => async (): Promise<void> => {
  const line = new RegExp(`controller_forbidden_total\\{controller="${controller}",request="${request}"\\} [1-9]`);
  await until(`the metric of ${request}`, async () => line.test(await operator.metrics()), patience);
};
const unready = (informer: string) => async (): Promise<void> =>
  until(
    `readiness names ${informer}`,
    async () => (await operator.readyz()).includes(`[-]informer-${informer} failed`),
    patience,
  );
const one = { kind: Toy, name: 'one' };
const gadget = { kind: Gadget, name: 'one' };

const rows: readonly Row[] = [
  { right: 'create configmaps', provoke: () => resize(Toy, 'new'), told: { kind: Toy, name: 'new' }, other: Gadget },
  {
    right: 'patch configmaps',
    provoke: () => resize(Toy, 'one'),
    told: one,
    also: forbidden('toy', 'PATCH configmaps'),
    other: Gadget,
  },
  {
    right: 'delete configmaps',
    provoke: () => resize(Toy, 'one', 0),
    told: one,
    also: forbidden('toy', 'DELETE configmaps'),
    other: Gadget,
  },
  {
    right: 'patch toys.example.com',
    provoke: () => resize(Toy, 'newer'),
    told: { kind: Toy, name: 'newer' },
    other: Gadget,
  },
  {
    right: 'patch toys/status.example.com',
    provoke: () => resize(Toy, 'one'),
    told: 'log',
    also: forbidden('toy', 'PATCH toys/status'),
    other: Gadget,
  },
  {
    right: 'patch gadgets/status.example.com',
    provoke: () => resize(Gadget, 'one'),
    told: 'log',
    also: forbidden('gadget', 'PATCH gadgets/status'),
    other: Toy,
  },
  {
    right: 'get secrets',
    provoke: () => resize(Gadget, 'one'),
    told: gadget,
    also: forbidden('gadget', 'GET secrets'),
    other: Toy,
  },
  {
    right: 'create serviceaccounts',
    provoke: () => resize(Gadget, 'one'),
    told: gadget,
    also: forbidden('gadget', 'POST serviceaccounts'),
    other: Toy,
  },
  {
    right: 'create pods/eviction',
    provoke: () => resize(Gadget, 'one'),
    told: gadget,
    also: forbidden('gadget', 'POST pods/eviction'),
    other: Toy,
  },
  { right: 'create events.events.k8s.io', provoke: () => resize(Toy, 'newest'), told: 'log', other: Toy },
  {
    right: 'patch events.events.k8s.io',
    provoke: () => settles(Toy, 'repeated').then(() => resize(Toy, 'repeated')),
    told: 'log',
    other: Toy,
  },
  {
    right: 'watch configmaps',
    provoke: () => resize(Toy, 'one'),
    told: one,
    also: unready('configmaps'),
    other: Gadget,
    start: 'again',
  },
  {
    right: 'watch toys.example.com',
    provoke: () => resize(Toy, 'one'),
    told: 'log',
    also: unready('toys.example.com'),
    other: Gadget,
    start: 'again',
  },
  {
    right: 'watch gadgets.example.com',
    provoke: () => resize(Gadget, 'one'),
    told: 'log',
    also: unready('gadgets.example.com'),
    other: Toy,
    start: 'again',
  },
];

describe('a verb that a controller needs', () => {
  test.each(rows)('$right', async ({ right: name, provoke, told, also, other, start }) => {
    const right = rights.named(name);
    await rights.without([right]);
    operator.forgetLog();
    if (start === 'again') await operator.start();
    await provoke();
    const words = told === 'log' ? async () => operator.log() : () => ready(told.kind, told.name);
    await until(`"${refusalOf(right)}" is told`, async () => (await words()).includes(refusalOf(right)), patience);
    await also?.();
    await settles(other, 'other');
    await rights.restore([right]);
    const [kind, object] = told === 'log' ? [other === Toy ? Gadget : Toy, 'one'] : [told.kind, told.name];
    await until('it goes on', async () => (await ready(kind, object)).startsWith('True:'), patience);
  });
});

describe('a verb of the lease', () => {
  const key = { namespace: system, name: 'toys' };
  const lease = {
    group: 'coordination.k8s.io',
    version: 'v1',
    kind: 'Lease',
    plural: 'leases',
    scope: 'Namespaced',
  } as const;
  const held = (holderIdentity: string): Promise<unknown> => {
    const spec = { holderIdentity, leaseDurationSeconds: 15, renewTime: new Date().toISOString().replace('Z', '000Z') };
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec };
    return client.apply(lease, body, { manager: 'scenario' });
  };
  const gone = (): Promise<void> => client.remove(lease, key, {});

  test.each([
    { verb: 'get', before: () => held(''), after: async () => undefined },
    { verb: 'create', before: gone, after: async () => undefined },
    { verb: 'update', before: () => held(''), after: async () => undefined },
    { verb: 'watch', before: () => held('another'), after: () => held('') },
  ])(
    '$verb: without it nobody leads blindly, the log names it, and it leads when it is granted',
    async ({ verb, before, after }) => {
      const right = rights.named(`${verb} leases.coordination.k8s.io`);
      await operator.stop();
      await before();
      await rights.without([right]);
      await operator.start();
      await until('it is told', () => operator.log().includes(refusalOf(right)), patience);
      expect(operator.leads).toBe(false);
      await rights.restore([right]);
      await after();
      await until('it leads', () => operator.leads, patience);
      await settles(Toy, 'one');
    },
  );
});

/**
 * Nobody misses these where lists are streamed (Kubernetes 1.34 and later): `list` is for older servers, `get` for reads
 * beside the cache, and `finalizers` for clusters with the admission plugin OwnerReferencesPermissionEnforcement.
 */
test('what only other servers ask for is missed by nobody', async () => {
  const unused = rights.all.filter(({ resource, verb }) => {
    if (resource === 'secrets') return false;
    return verb === 'list' || (verb === 'get' && resource !== 'leases') || resource.endsWith('/finalizers');
  });
  await rights.without(unused);
  await operator.start();
  await settles(Toy, 'one');
  await settles(Gadget, 'one');
  expect(await operator.metrics()).not.toMatch(/controller_forbidden_total\{[^}]*\} [1-9]/);
  await rights.restore(unused);
  const leases = ['get', 'create', 'update', 'watch'].map((verb) => `${verb} leases.coordination.k8s.io`);
  const tried = new Set([...rows.map(({ right }) => right), ...leases, ...unused.map(nameOf)]);
  expect(rights.all.map(nameOf).filter((name) => !tried.has(name))).toEqual([]);
});
