import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect, controller, type Kind, loadCluster } from '../../operator/runtime/index.ts';
import { Note, silentLog, Toy, until } from '../../operator/runtime/testing/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { toyMaker, toyManager } from './runtime/toy-operator.ts';
import { crd, setup, toy } from './runtime/toys.ts';

let cluster: Cluster;
let client: Client;
let close: () => Promise<void> = async () => undefined;
let asToys: string;
const stops: (() => Promise<void>)[] = [];

const apply = (...objects: readonly object[]): Promise<string> =>
  cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  });

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  ({ client, close } = connect(await loadCluster({ kubeconfig: cluster.kubeconfig })));
  await apply(...setup());
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd/toys.example.com', '--timeout=60s']);
  asToys = await cluster.kubeconfigForServiceAccount('toy-system', 'toys');
});

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

afterAll(async () => {
  // Finalizers of toys would keep the namespace when no operator runs.
  for (const { metadata } of await client.list(Toy, { namespace: 'toy-box' })) {
    const patch = '{"metadata":{"finalizers":null}}';
    await cluster.kubectl(['patch', 'toy', metadata.name ?? '', '-n', 'toy-box', '--type=merge', '-p', patch]);
  }
  await cluster.kubectl(['delete', 'ns/toy-box', 'ns/toy-system', 'crd/toys.example.com', '--ignore-not-found']);
  await cluster.kubectl(['delete', 'crd/gadgets.example.com', '--ignore-not-found']);
  await cluster.kubectl(['delete', 'clusterrole/toys', 'clusterrolebinding/toys', '--ignore-not-found']);
  await close();
  await cluster.release();
});

async function start(
  kubeconfig: string,
  controllers = [toyMaker],
): Promise<{ metrics: () => Promise<string>; port: () => number | undefined }> {
  const end = new AbortController();
  const { manager, metrics } = await toyManager({ kubeconfig, controllers, log: silentLog });
  const ended = manager.run(end.signal);
  stops.push(async () => {
    end.abort();
    await ended;
  });
  return { metrics, port: () => manager.port() };
}

const noteSize = async (name: string): Promise<string | undefined> =>
  (await client.get(Note, { namespace: 'toy-box', name }))?.data?.size;
const readToy = (name: string): Promise<Toy | undefined> => client.get(Toy, { namespace: 'toy-box', name });
const ready = async (name: string): Promise<string> => {
  const condition = (await readToy(name))?.status?.conditions?.find(({ type }) => type === 'Ready');
  return `${condition?.status}:${condition?.reason}`;
};
const relists = (metrics: string, kind: string): number =>
  [...metrics.matchAll(new RegExp(`^informer_relists_total\\{kind="${kind}",reason="\\w+"\\} (\\d+)$`, 'gm'))].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );

describe('the runtime on a real API server', () => {
  test('reconciles with exactly the RBAC that was declared, tells status and events, and then falls silent', async () => {
    await apply(toy('one', 1));
    const { metrics } = await start(asToys);
    await until('ready', async () => (await ready('one')) === 'True:InForce', 30_000);
    expect(await noteSize('one')).toBe('1');
    const first = await readToy('one');
    expect(first).toMatchObject({ metadata: { generation: 1 }, status: { observedGeneration: 1, size: 1 } });
    await apply(toy('one', 2));
    await until('the change', async () => (await noteSize('one')) === '2', 30_000);
    await until('its status', async () => (await readToy('one'))?.status?.observedGeneration === 2, 30_000);
    const second = await readToy('one');
    expect(second?.status?.conditions?.[0]?.lastTransitionTime).toBe(
      first?.status?.conditions?.[0]?.lastTransitionTime,
    );
    const events = async (): Promise<string> =>
      cluster.kubectl(['get', 'events.events.k8s.io', '-n', 'toy-box', '-o', 'json']);
    await until('the event', async () => (await events()).includes('ToyMade'), 30_000);
    const versions = async (): Promise<string> => {
      const [note, own] = [await client.get(Note, { namespace: 'toy-box', name: 'one' }), await readToy('one')];
      return `${note?.metadata.resourceVersion} ${own?.metadata.resourceVersion}`;
    };
    const quiet = await versions();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await versions()).toBe(quiet);
    expect(await metrics()).toMatch(/controller_runtime_reconcile_total\{controller="toy",result="error"\} 0/);
    await cluster.kubectl(['delete', 'toy', 'one', '-n', 'toy-box', '--timeout=30s']);
    expect(await readToy('one')).toBeUndefined();
  });

  test('loses nothing when the API server is killed and comes back, with at most one list a kind', async (ctx) => {
    if (cluster.record.kind !== 'built')
      ctx.skip('the API server of this cluster is not ours to kill; unset KUBECONFIG_E2E');
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    await apply(...names.map((name) => toy(name, 1)));
    const { metrics } = await start(asToys);
    const all = async (size: string): Promise<boolean> => {
      const notes = await client.list(Note, { namespace: 'toy-box' });
      return names.every((name) => notes.some((note) => note.metadata.name === name && note.data?.size === size));
    };
    await until('all notes', () => all('1'), 60_000);
    const before = await metrics();
    const changing = apply(...names.slice(0, 15).map((name) => toy(name, 2)));
    await changing;
    await cluster.restartApiserver();
    await apply(...names.slice(15).map((name) => toy(name, 2)));
    await until('all changed notes', () => all('2'), 90_000);
    const after = await metrics();
    for (const kind of ['toys.example.com', 'configmaps']) {
      expect(relists(after, kind) - relists(before, kind)).toBeLessThanOrEqual(1);
    }
  });

  test('names a verb that is missing, and goes on when it is granted', async () => {
    await apply(toy('refused', 1));
    const verbs = async (list: readonly string[]): Promise<void> => {
      const role = JSON.parse(await cluster.kubectl(['get', 'clusterrole', 'toys', '-o', 'json']));
      const rules = role.rules.map((rule: { resources: string[] }) =>
        rule.resources.includes('configmaps') ? { ...rule, verbs: list } : rule,
      );
      await cluster.kubectl(['patch', 'clusterrole', 'toys', '--type=merge', '-p', JSON.stringify({ rules })]);
    };
    await verbs(['get', 'list', 'watch', 'create', 'delete']);
    const { metrics } = await start(asToys);
    await until('the condition', async () => (await ready('refused')) === 'Unknown:Forbidden', 30_000);
    const condition = (await readToy('refused'))?.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(condition?.message).toContain('cannot patch resource "configmaps"');
    const counted = /controller_forbidden_total\{controller="toy",request="PATCH configmaps"\} [1-9]/;
    await until('the metric', async () => counted.test(await metrics()));
    await verbs(['get', 'list', 'watch', 'create', 'patch', 'delete']);
    await until('ready', async () => (await ready('refused')) === 'True:InForce', 60_000);
  });

  test('of a kind whose metadata is enough, nothing else comes over the wire or from own writes', async () => {
    await apply(toy('lean', 1));
    const Lean: Kind<Note> = { ...Note, metadataOnly: true };
    const seen: (readonly [labels: unknown, data: unknown])[] = [];
    const lean = controller(Toy, 'lean')
      .withoutStatus()
      .owns(Lean)
      .reconcile(async ({ metadata }, ctx) => {
        const key = { namespace: 'toy-box', name: metadata.name ?? '' };
        if (metadata.name !== 'lean') return undefined;
        await ctx.apply(Lean, { metadata: { ...key, labels: { size: 'small' } }, data: { size: '1' } });
        const read = ctx.get(Lean, key);
        seen.push([read?.metadata.labels, read?.data]);
        return { after: 200 };
      });
    const { metrics } = await start(cluster.kubeconfig, [lean]);
    await until('three passes', () => seen.length >= 3, 30_000);
    expect(seen).toEqual(seen.map(() => [{ size: 'small' }, undefined]));
    expect(await noteSize('lean')).toBe('1');
    expect(await metrics()).toMatch(/ssa_cache_misses_total\{kind="ConfigMap",controller="lean"\} 1/);
  });

  test('a kind that is not served yet does not hold up the others, and is taken up when its CRD comes', async () => {
    await apply(toy('patient', 1));
    const seen: string[] = [];
    const gadgets = controller({ ...Toy, kind: 'Gadget', plural: 'gadgets' }, 'gadget')
      .withoutStatus()
      .reconcile(async ({ metadata }) => {
        seen.push(metadata.name ?? '');
        return undefined;
      });
    const { port } = await start(cluster.kubeconfig, [gadgets, toyMaker]);
    await until('the port', () => port() !== undefined);
    const readyz = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port()}/readyz`)).text();
    await until('readiness names it', async () => (await readyz()).includes('[-]informer-gadgets.example.com'));
    await until('the others go on', async () => (await ready('patient')) === 'True:InForce', 60_000);
    await apply(crd('Gadget', 'gadgets'));
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd/gadgets.example.com', '--timeout=60s']);
    await apply({ ...toy('g', 1), kind: 'Gadget' });
    await until('it is taken up', () => seen.includes('g'), 60_000);
    await until('readiness passes', async () => (await readyz()).includes('readyz check passed'));
  });
});

describe('two processes', () => {
  const program = fileURLToPath(new URL('./runtime/toy-operator.ts', import.meta.url));

  interface Child {
    readonly process: ChildProcess;
    readonly output: () => string;
    readonly exited: Promise<number | null>;
  }

  function run(identity: string): Child {
    const child = spawn(process.execPath, [program, asToys, identity], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    stops.push(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    return { process: child, output: () => output, exited };
  }
  const leads = ({ output }: Child): boolean => output().includes('"leading"');

  test('one leads; on SIGTERM the other takes over within two seconds, after a crash within twenty', async () => {
    const first = run('first');
    await until('the first leads', () => leads(first), 30_000);
    const second = run('second');
    await until('the second is warm', () => second.output().match(/cache is complete/g)?.length === 2, 30_000);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(leads(second)).toBe(false);
    const terminated = performance.now();
    first.process.kill('SIGTERM');
    await until('the second leads', () => leads(second), 10_000);
    expect(performance.now() - terminated).toBeLessThan(2_000);
    expect(await first.exited).toBe(0);
    await apply(toy('after', 3));
    await until('the new leader works', async () => (await noteSize('after')) === '3', 30_000);
    const third = run('third');
    await until('the third is warm', () => third.output().match(/cache is complete/g)?.length === 2, 30_000);
    const killed = performance.now();
    second.process.kill('SIGKILL');
    await until('the third leads', () => leads(third), 30_000);
    expect(performance.now() - killed).toBeLessThan(20_000);
    expect(performance.now() - killed).toBeGreaterThan(5_000);
  });
});
