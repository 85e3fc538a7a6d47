import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { PlanIo } from '../live/command-io.ts';
import { registerPools } from '../pools-command.ts';
import { NOW } from '../world.fixture.ts';
import { big, halves, moving } from './moving.fixture.ts';

const world = [...halves, moving({ mode: 'Apply', windows: [{ start: '12:00', durationSeconds: 60 }] }), big];

async function defrag(...args: string[]) {
  const said = { stdout: '', stderr: '', code: 0 };
  const io: PlanIo = {
    connect: async () => ({
      namespace: 'acme',
      list: async <T>(kind: { readonly plural: string }) =>
        world.filter((one) => one.kind.plural === kind.plural).map(({ object }): T => object as T),
      close: async () => undefined,
    }),
    readFile: () => '',
    writeFile: () => undefined,
    now: () => NOW,
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    exit: (code) => {
      said.code = code;
    },
    colour: false,
  };
  const program = new Command().exitOverride();
  registerPools(program, io);
  await program.parseAsync(['pools', 'defrag', ...args], { from: 'user' });
  return said;
}

describe('gpuopt pools defrag', () => {
  it('shows whom moving whom would let start, whatever the windows say', async () => {
    const { stdout, code } = await defrag('main');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'GPUPool main (mode Apply): Moving 1 pod, which loses 60 pod-minutes, would let pod/acme/big use 8 GPUs.',
      '',
      'POD     FROM  TO  MINUTES  FOR',
      'acme/x  n1    n2  60       pod/acme/big',
    ]);
  });

  it('says the same for machines', async () => {
    const { stdout } = await defrag('main', '--json');
    expect(JSON.parse(stdout)).toEqual({
      pool: 'main',
      mode: 'Apply',
      state: 'Proposed',
      message: 'Moving 1 pod, which loses 60 pod-minutes, would let pod/acme/big use 8 GPUs.',
      usableMilli: 8000,
      podMinutes: 60,
      proposed: [{ pod: 'acme/x', from: 'n1', to: 'n2', waiting: 'pod/acme/big', podMinutes: 60 }],
      moves: [],
      kept: {},
    });
  });

  it('names a pool that is not there', async () => {
    const { stderr, code } = await defrag('other');
    expect({ stderr, code }).toEqual({
      stderr: 'error: there is no GPUPool other; see kubectl get gpupools\n',
      code: 2,
    });
  });
});
