import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { registerSimulate } from './command.ts';

const FILES: Readonly<Record<string, string>> = {
  'n.csv': 'sn,cpu_milli,memory_mib,gpu,model\nn1,64000,262144,2,A\nn2,64000,262144,2,A\n',
  'p.csv': 'name,cpu_milli,memory_mib,num_gpu,gpu_milli\np1,4000,1024,1,1000\np2,4000,1024,1,500\np3,4000,1024,0,0\n',
  'bad.csv': 'name,cpu_milli,memory_mib,num_gpu,gpu_milli\np1,lots,1024,1,1000\n',
};

async function gpuopt(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const result = { code: 0, out: '', err: '' };
  const program = new Command('gpuopt');
  registerSimulate(program, {
    readFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error('ENOENT: no such file');
      return text;
    },
    stdout: (text) => {
      result.out += text;
    },
    stderr: (text) => {
      result.err += text;
    },
    exit: (code) => {
      result.code = code;
    },
    clock: () => 0,
  });
  try {
    await program.parseAsync(['simulate', 'schedule', ...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    result.code = error.exitCode;
  }
  return result;
}

const FILE_ARGS = ['--nodes', 'n.csv', '--pods', 'p.csv'];

describe('gpuopt simulate schedule', () => {
  it('prints one JSON object and nothing else', async () => {
    const { code, out, err } = await gpuopt(...FILE_ARGS, '--json', '--policy', 'best-fit', '--seed', '7');
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ policy: 'best-fit', mode: 'online', seed: 7, nodes: 2, gpus: 4 });
  });

  it('prints a table for people', async () => {
    const { code, out } = await gpuopt(...FILE_ARGS);
    expect(code).toBe(0);
    expect(out).toMatch(/policy +fgd \(online, seed 42\)/);
    expect(out).toMatch(/^ +1\.3 +\d+\.\d\d/m);
  });

  it.each(['window', 'migrate', 'offline'])('simulates mode %s', async (mode) => {
    const { code, out, err } = await gpuopt(...FILE_ARGS, '--json', '--policy', 'gpuopt', '--mode', mode);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ policy: 'gpuopt', mode, migrations: 0 });
  });

  it('shows what the linear program says beside an offline plan', async () => {
    const { code, out } = await gpuopt(...FILE_ARGS, '--policy', 'gpuopt', '--mode', 'offline', '--load', '0.5');
    expect(code).toBe(0);
    expect(out).toMatch(/idle unusable % +program % +ceiling %\n +0\.5 +62\.50 +44\.44 +62\.50 +62\.50\n$/);
  });

  it('has help with an example', async () => {
    const { code, out } = await gpuopt('--help');
    expect(code).toBe(0);
    expect(out).toContain('Example:\n  gpuopt simulate schedule --nodes');
  });

  const refused: readonly (readonly [string, readonly string[], string])[] = [
    [
      'an unknown mode',
      [...FILE_ARGS, '--mode', 'batch'],
      '--mode: "batch" is unknown; available: online, window, migrate, offline',
    ],
    [
      'another policy offline',
      [...FILE_ARGS, '--mode', 'offline', '--policy', 'fgd'],
      '--mode: "offline" plans by a program of its own; use --policy gpuopt',
    ],
    [
      'an unknown policy',
      [...FILE_ARGS, '--policy', 'magic'],
      '--policy: "magic" is unknown; available: best-fit, fgd, gpuopt',
    ],
    ['an unknown format', [...FILE_ARGS, '--format', 'xml'], '--format: "xml" is unknown; available: openb'],
    ['a window without its mode', [...FILE_ARGS, '--window', '64'], '--window: it belongs to mode window'],
    ['an empty window', [...FILE_ARGS, '--mode', 'window', '--window', '0'], '--window: "0" is not valid'],
    [
      'moves without a measure',
      [...FILE_ARGS, '--mode', 'migrate', '--policy', 'best-fit'],
      '--mode: "migrate" needs a policy that values what is free; use --policy fgd or gpuopt',
    ],
    ['a load of zero', [...FILE_ARGS, '--load', '0'], '--load: "0" is not valid; write a number above 0, at most 10'],
    ['a fractional seed', [...FILE_ARGS, '--seed', '1.5'], '--seed: "1.5" is not valid; write a whole number'],
    ['no nodes', ['--pods', 'p.csv'], '--nodes: no file is given'],
    ['a file that is not there', ['--nodes', 'x.csv', '--pods', 'p.csv'], '--nodes: "x.csv" cannot be read (ENOENT'],
    ['wrong data', ['--nodes', 'n.csv', '--pods', 'bad.csv'], 'bad.csv:2: cpu_milli: "lots" is not a whole number'],
    ['an unknown option', [...FILE_ARGS, '--what'], "unknown option '--what'"],
  ];
  it.each(refused)('refuses %s with exit code 2', async (_, args, message) => {
    const { code, out, err } = await gpuopt(...args, '--json');
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
  });
});
