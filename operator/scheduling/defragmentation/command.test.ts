import { describe, expect, it } from 'vitest';
import { runCommand } from '../live/command.fixture.ts';
import { registerPools } from '../pools-command.ts';
import { big, halves, moving } from './moving.fixture.ts';

const world = [...halves, moving({ mode: 'Apply', windows: [{ start: '12:00', durationSeconds: 60 }] }), big];

const defrag = (...args: string[]) => runCommand(registerPools, world, ['pools', 'defrag', ...args]);

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
