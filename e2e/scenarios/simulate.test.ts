/** What the planner says it would do is what the operator then does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryCommand } from '../cluster/commands.ts';
import { gpuJob, gpuNode, gpuPool, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const SCENARIO = 'simulate';
const TEAM = 'simulate-team';
const POOL = 'simulate-pool';
const [FIRST, SECOND] = ['simulate-n1', 'simulate-n2'];
const folder = mkdtempSync(join(tmpdir(), 'gpuopt-simulate-'));
const manifest = join(folder, 'job.json');

let world: GpuWorld;

interface Fate {
  readonly starts: boolean;
  readonly nodes: Readonly<Record<string, string>>;
  readonly blocker?: string;
  readonly counterfactuals?: readonly { readonly kind: string }[];
}

async function ask(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  return tryCommand([gpuopt, ...args, '--kubeconfig', world.cluster.kubeconfig]);
}

async function submit(job: object, ...args: readonly string[]): Promise<readonly Fate[]> {
  writeFileSync(manifest, JSON.stringify(job));
  const { code, stdout } = await ask('simulate', 'submit', '-f', manifest, '--json', ...args);
  expect(code).toBe(0);
  const answer: { readonly submitted: readonly Fate[] } = JSON.parse(stdout);
  return answer.submitted;
}

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(gpuNode(SCENARIO, FIRST), gpuNode(SCENARIO, SECOND));
  await world.send(
    ['apply', '--server-side'],
    namespaceNamed(TEAM),
    gpuPool(POOL, { 'gpuoptimizer.io/scenario': SCENARIO }),
    gpuTenant(TEAM, [TEAM]),
  );
  await world.operator.start();
});

afterAll(async () => {
  const objects = [`gpupool/${POOL}`, `tenant/${TEAM}`, `node/${FIRST}`, `node/${SECOND}`];
  await world?.end({ namespaces: [TEAM], objects });
  rmSync(folder, { recursive: true, force: true });
});

describe('the planner asked before', () => {
  it('says of a gang that fits where the operator then puts it', async () => {
    const job = gpuJob(TEAM, 'train', 12, 1, SCENARIO);
    await eventually('the nodes take pods', async () => ((await submit(job))[0]?.starts ? true : undefined));
    const [fate] = await submit(job);
    expect(Object.keys(fate?.nodes ?? {})).toHaveLength(12);
    await world.send(['apply', '--server-side'], job);
    const bound = await eventually('the gang is bound', async () => {
      const pods = await world.pods(TEAM);
      return pods.length === 12 && pods.every(({ spec }) => spec?.nodeName !== undefined) ? pods : undefined;
    });
    const counts = (nodes: readonly (string | undefined)[]): Record<string, number> =>
      Object.fromEntries([FIRST, SECOND].map((name) => [name, nodes.filter((node) => node === name).length]));
    expect(counts(bound.map(({ spec }) => spec?.nodeName))).toEqual(counts(Object.values(fate?.nodes ?? {})));
  });

  it('says of one that does not fit what would help, and that it does', async () => {
    const job = gpuJob(TEAM, 'more', 8, 1, SCENARIO);
    const [waits] = await submit(job);
    expect(waits).toMatchObject({ starts: false, blocker: 'Capacity', nodes: {} });
    expect(waits?.counterfactuals?.map(({ kind }) => kind)).toContain('nodes');
    const [starts] = await submit(job, '--add', `1=${FIRST}`);
    expect(starts).toMatchObject({ starts: true });
  });

  it('answers the same from a snapshot, and draws it', async () => {
    const snapshot = join(folder, 'cluster.yaml');
    const kinds = 'nodes,pods,jobs,priorityclasses,gpupools,tenants';
    writeFileSync(snapshot, await world.cluster.kubectl(['get', kinds, '-A', '-o', 'yaml']));
    const picture = join(folder, 'map.svg');
    const live = await ask('pools', 'map', '--pool', POOL, '--json');
    const frozen = await ask('pools', 'map', '--pool', POOL, '--json', '--snapshot', snapshot, '--svg', picture);
    expect(JSON.parse(frozen.stdout)).toEqual(JSON.parse(live.stdout));
    expect(JSON.parse(live.stdout)).toMatchObject({ heldMilli: 12_000, capacityMilli: 16_000, tenants: [TEAM] });
    expect(readFileSync(picture, 'utf8')).toContain(FIRST);
    expect((await ask('pools', 'map', '--pool', POOL)).stdout).toMatch(/A{8}/);
  });
});
