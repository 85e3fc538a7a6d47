import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Key, KubeObject, PatchBody } from '../../runtime/index.ts';
import type { Thing } from '../../runtime/testing/index.ts';
import { pod } from '../world.fixture.ts';
import { registerGates } from './command.ts';

const ours = 'gpuoptimizer.io/plan';

async function gates(world: readonly Thing[], errors: Readonly<Record<string, string>>, args: readonly string[]) {
  let [stdout, stderr, code] = ['', '', 0];
  const patched: Record<string, unknown> = {};
  const made: string[] = [];
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  registerGates(program, {
    connect: async () => ({
      list: async <T>() => world.map(({ object }): T => object as T),
      client: {
        create: async <T extends KubeObject>(_kind: unknown, { metadata }: T): Promise<T> => {
          made.push(`${metadata.namespace}/${metadata.name}`);
          if (metadata.name === 'gpuopt-there')
            throw Object.assign(new Error('there is one'), { code: 'AlreadyExists' });
          return { metadata: {} } as T;
        },
        patch: async <T extends KubeObject>(_kind: unknown, key: Key, patch: PatchBody): Promise<T> => {
          const code = errors[key.name];
          if (code !== undefined) throw Object.assign(new Error(`${code} it is`), { code });
          patched[`${key.namespace}/${key.name}`] = patch.body;
          return { metadata: {} } as T;
        },
      },
      close: async () => undefined,
    }),
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    exit: (exit) => (code = exit),
  });
  await program.parseAsync(['gates', 'release', ...args], { from: 'user' });
  return { stdout, stderr, code, patched, made };
}

const world = [
  pod('a'),
  pod('b', { namespace: 'umbrella', gates: [ours, 'example.com/wait'] }),
  pod('free', { gates: [] }),
  pod('other', { gates: ['example.com/wait'] }),
];

interface Row {
  readonly name: string;
  readonly args: readonly string[];
  readonly errors?: Readonly<Record<string, string>>;
  readonly patched?: readonly string[];
  readonly says?: readonly string[];
  readonly code?: number;
}

const rows: readonly Row[] = [
  {
    name: 'every namespace',
    args: ['--all'],
    patched: ['acme/a', 'umbrella/b'],
    says: ['2 pods released', 'still held by example.com/wait'],
  },
  { name: 'one namespace', args: ['-n', 'acme'], patched: ['acme/a'], says: ['1 pods released'] },
  { name: 'dry run', args: ['--all', '--dry-run'], says: ['would-release  acme/a', '2 pods would be released'] },
  {
    name: 'JSON',
    args: ['-n', 'acme', '--json'],
    patched: ['acme/a'],
    says: ['"counts":{"released":1,"would-release":0,"gone":0,"refused":0}'],
  },
  {
    name: 'a pod that went meanwhile',
    args: ['--all'],
    errors: { a: 'NotFound' },
    patched: ['umbrella/b'],
    says: ['1 gone meanwhile'],
  },
  {
    name: 'a pod that may not be released',
    args: ['--all'],
    errors: { a: 'Forbidden' },
    patched: ['umbrella/b'],
    says: ['Forbidden it is', '1 refused'],
    code: 1,
  },
  {
    name: 'an API server that fails',
    args: ['--all'],
    errors: { a: 'ServerError', b: 'ServerError' },
    says: ['error: ServerError it is'],
    code: 3,
  },
  { name: 'neither --all nor a namespace', args: [], says: ['--all, or --namespace'], code: 2 },
  { name: 'both', args: ['--all', '-n', 'acme'], says: ['--all, or --namespace'], code: 2 },
];

describe('gpuopt gates release', () => {
  it.each(rows)('$name', async ({ args, errors = {}, patched = [], says = [], code = 0 }) => {
    const output = await gates(world, errors, args);
    expect(Object.keys(output.patched)).toEqual(patched);
    expect(output.code).toBe(code);
    for (const text of says) expect(output.stdout + output.stderr).toContain(text);
    for (const body of Object.values(output.patched)) {
      expect(body).toMatchObject({ spec: { schedulingGates: [{ $patch: 'delete', name: ours }] } });
      expect(Reflect.get(Object(Reflect.get(Object(body), 'metadata')), 'uid')).toMatch(/^pod-/);
    }
  });

  it('makes the PodGroups that released pods name and that nobody made, first and once', async () => {
    const named = (name: string, podGroupName: string) => pod(name, { spec: { schedulingGroup: { podGroupName } } });
    const grouped = [named('a', 'gpuopt-g'), named('b', 'gpuopt-g'), named('c', 'gpuopt-there'), named('d', 'theirs')];
    const output = await gates(grouped, {}, ['--all']);
    expect(output.made).toEqual(['acme/gpuopt-g', 'acme/gpuopt-there']);
    expect(Object.keys(output.patched)).toHaveLength(4);
    expect((await gates(grouped, {}, ['--all', '--dry-run'])).made).toEqual([]);
  });
});
