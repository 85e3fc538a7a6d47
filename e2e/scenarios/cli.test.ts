import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, tryCommand } from '../cluster/commands.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { gpuPod, gpuSpec, namespaceNamed } from './gpu/objects.ts';
import { gpuopt } from './gpu/operator.ts';
import { root } from './install/shell.ts';

const NAMESPACE = 'cli-scenario';
const folder = mkdtempSync(join(tmpdir(), 'gpuopt-cli-'));
const nowhere = join(folder, 'nowhere.kubeconfig');
const absent = join(folder, 'absent.kubeconfig');
const context = { cluster: 'a', user: 'a' };
writeFileSync(
  nowhere,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [{ name: 'a', user: { token: 'none' } }],
    contexts: [{ name: 'a', context }],
    'current-context': 'a',
  }),
);

let cluster: Cluster;
let taken: Server;
let port: number;

/** Runs the command in another folder than the checkout, without any setting of this shell. */
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> => {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('GPUOPT_') && name !== 'KUBECONFIG');
  return tryCommand([gpuopt, ...args], { cwd: folder, env: { ...Object.fromEntries(clean), ...env } });
};

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'crds')]);
  const established = ['gpupools', 'tenants'].map((plural) => `crd/${plural}.gpuoptimizer.io`);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...established]);
  const gated = gpuSpec(1, { schedulingGates: [{ name: 'gpuoptimizer.io/plan' }] });
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: [namespaceNamed(NAMESPACE), gpuPod(NAMESPACE, 'waits', gated)],
  };
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(list) });
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterAll(async () => {
  taken?.close();
  await cluster?.kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
  await cluster?.release();
  rmSync(folder, { recursive: true, force: true });
});

const commands = [
  [],
  ['run'],
  ['job'],
  ['job', 'growth'],
  ['why'],
  ['usage'],
  ['usage', 'show'],
  ['usage', 'verify'],
  ['usage', 'reconcile'],
  ['usage', 'export'],
  ['bill'],
  ['bill', 'preview'],
  ['revenue'],
  ['revenue', 'show'],
  ['simulate'],
  ['simulate', 'schedule'],
  ['simulate', 'submit'],
  ['simulate', 'capacity'],
  ['pools'],
  ['pools', 'map'],
  ['pools', 'defrag'],
  ['gates'],
  ['gates', 'release'],
  ['store'],
  ['store', 'backup'],
  ['store', 'restore'],
  ['store', 'migrate'],
  ['store', 'roles'],
  ['doctor'],
  ['validate'],
  ['crd'],
  ['crd', 'diff'],
] as const;

describe('help', () => {
  it.each(commands.map((command) => ({ command, name: ['gpuopt', ...command].join(' ') })))(
    '$name --help leaves with 0, has an example, and is as it was',
    async ({ command }) => {
      const { code, stdout, stderr } = await run([...command, '--help']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^Examples?\b.*:\n\s+(\$ )?gpuopt /m);
      expect(stdout).toMatchSnapshot();
    },
  );

  it('knows every command there is', async () => {
    const { stdout } = await run(['--help']);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[| {2}|$)/gm)].map((match) => match[1]);
    const known = new Set<string | undefined>([...commands.map(([first]) => first), 'help']);
    expect(listed.filter((name) => !known.has(name))).toEqual([]);
    expect(listed.length).toBeGreaterThanOrEqual(7);
  });
});

/** A command line that cannot be done: its exit code and what is said on standard error. */
interface Refusal {
  readonly name: string;
  readonly args: readonly string[] | (() => readonly string[]);
  readonly code: number;
  readonly says: RegExp;
}

const free = ['--api-address', '127.0.0.1:0', '--jobs-address', '127.0.0.1:0', '--metrics-address', '127.0.0.1:0'];
const store = ['--data-dir', ':memory:'];
const refusals: readonly Refusal[] = [
  { name: 'no command', args: [], code: 2, says: /Usage: gpuopt/ },
  { name: 'an unknown command', args: ['wy'], code: 2, says: /unknown command 'wy'\n\(Did you mean why\?\)/ },
  { name: 'an unknown option', args: ['run', '--nope'], code: 2, says: /unknown option '--nope'/ },
  { name: 'a missing argument', args: ['why'], code: 2, says: /missing required argument 'pod'/ },
  { name: 'a group without its command', args: ['usage'], code: 2, says: /Usage: gpuopt usage/ },
  { name: 'an address that is none', args: ['run', '--api-address', 'x'], code: 2, says: /expected HOST:PORT/ },
  {
    name: 'run without a store',
    args: () => ['run', '--kubeconfig', nowhere],
    code: 2,
    says: /--database-url.*--data-dir/,
  },
  {
    name: 'run with a kubeconfig that is not there',
    args: ['run', '--kubeconfig', absent, ...store],
    code: 2,
    says: /absent\.kubeconfig cannot be read/,
  },
  {
    name: 'run with an address in use for metrics',
    args: () => [
      'run',
      '--kubeconfig',
      nowhere,
      ...store,
      ...free.slice(0, 4),
      '--metrics-address',
      `127.0.0.1:${port}`,
    ],
    code: 2,
    says: /--metrics-address 127\.0\.0\.1:\d+ cannot be used: another process listens there/,
  },
  {
    name: 'run with an address in use for runs',
    args: () => ['run', '--kubeconfig', nowhere, ...store, ...free, '--jobs-address', `127.0.0.1:${port}`],
    code: 2,
    says: /--jobs-address 127\.0\.0\.1:\d+ cannot be used: another process listens there/,
  },
  {
    name: 'run with a database that does not answer',
    args: ['run', '--kubeconfig', nowhere, '--database-url', 'postgres://me:secret@127.0.0.1:9/db', ...free],
    code: 3,
    says: /the database postgres:\/\/me@127\.0\.0\.1:9\/db does not answer/,
  },
  { name: 'why of a thing that is no pod', args: ['why', 'job/x'], code: 2, says: /names no pod/ },
  { name: 'why without a cluster', args: ['why', 'pod/x', '--kubeconfig', nowhere], code: 3, says: /ECONNREFUSED/ },
  { name: 'doctor without a cluster', args: ['doctor', '--kubeconfig', nowhere], code: 3, says: /cannot be reached/ },
  { name: 'usage without a tenant', args: ['usage', 'show'], code: 2, says: /--tenant/ },
  {
    name: 'usage of nobody',
    args: ['usage', 'show', '--tenant', 'a', '--server', 'http://127.0.0.1:9'],
    code: 3,
    says: /does the operator run\?/,
  },
  { name: 'simulate without files', args: ['simulate', 'schedule'], code: 2, says: /--nodes/ },
  { name: 'validate of a file that is not there', args: ['validate', '-f', absent], code: 2, says: /cannot be read/ },
  { name: 'job without its settings', args: ['job', 'growth'], code: 2, says: /required option '--campaign/ },
];

describe('what cannot be done', () => {
  it.each(refusals)('$name: exit code $code and a sentence, no stack', async ({ args, code, says }) => {
    const result = await run(typeof args === 'function' ? args() : args);
    expect(result.stderr).toMatch(says);
    expect(result.code).toBe(code);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });
});

describe('answers on a real cluster', () => {
  it('why --json is one object about the pod; a pod that is not there is wrong use', async () => {
    const env = { KUBECONFIG: cluster.kubeconfig };
    const good = await run(['why', 'pod/waits', '-n', NAMESPACE, '--json'], env);
    expect({ code: good.code, stderr: good.stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.stringify(JSON.parse(good.stdout))).toContain('waits');
    const none = await run(['why', 'pod/nobody', '-n', NAMESPACE], env);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('there is no pod nobody')]);
  });

  it('doctor --json is a list of checks, each wrong one with a remedy; no leader is wrong', async () => {
    const { code, stdout } = await run(['doctor', '--json', '-n', NAMESPACE], { KUBECONFIG: cluster.kubeconfig });
    const checks: readonly { check: string; verdict: string; remedy?: string }[] = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(checks.find(({ check }) => check === 'leader')?.verdict).toBe('wrong');
    expect(checks.filter(({ verdict, remedy }) => verdict === 'wrong' && remedy === undefined)).toEqual([]);
  });

  it('kubectl finds it as a plugin, through a link, from another folder', async () => {
    symlinkSync(gpuopt, join(folder, 'kubectl-gpuopt'));
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, PATH: `${folder}:${process.env.PATH}` };
    const kubectl = join(cluster.record.kubectl, 'kubectl');
    const why = await tryCommand([kubectl, 'gpuopt', 'why', 'pod/waits', '-n', NAMESPACE], { cwd: folder, env });
    expect({ code: why.code, stderr: why.stderr }).toEqual({ code: 0, stderr: '' });
    expect(why.stdout).toContain('waits');
    const help = await tryCommand([kubectl, 'gpuopt', 'why', '--help'], { cwd: folder, env });
    expect(help.stdout).toContain('Usage: kubectl gpuopt why');
  });

  it('--version names version, API and Node, and nothing of this machine or commit', async () => {
    const { code, stdout } = await run(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^gpuopt \d+\.\d+\.\d+ \(gpuoptimizer\.io\/v1alpha1, Node v24\.\d+\.\d+, linux-(x64|arm64)\)\n$/,
    );
  });
});
