import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { identify, isAlive, killProcess, parseStat, readProcesses, startProcess, stopProcess } from './processes.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-processes-'));
});
afterEach(async () => {
  for (const record of await readProcesses(folder)) await stopProcess(folder, record, 0);
  await rm(folder, { recursive: true, force: true });
});

describe('parseStat', () => {
  const tail = (start: string) => `S 1 10 10 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 ${start} 100 200`;
  it.each([
    ['a plain name', `42 (etcd) ${tail('777')}`, { pid: 42, state: 'S', start: '777' }],
    ['a name with brackets and spaces', `42 (a) b (c)) ${tail('778')}`, { pid: 42, state: 'S', start: '778' }],
    ['nothing', '', undefined],
    ['a line that was cut off', '42 (etcd) S 1', undefined],
  ])('%s', (_name, line, expected) => {
    expect(parseStat(line)).toEqual(expected);
  });
});

describe('a started process', () => {
  it('is recorded under the number of the program itself, with its output in its log', async () => {
    const record = await startProcess(folder, {
      name: 'sleeper',
      argv: ['/bin/sh', '-c', 'echo "$GREETING $$"; exec sleep 60'],
      env: { GREETING: 'hello' },
    });
    expect(isAlive(record)).toBe(true);
    await expect.poll(() => readFile(record.log, 'utf8')).toBe(`hello ${record.pid}\n`);
    expect(await readProcesses(folder)).toEqual([record]);
  });

  it('is not started twice', async () => {
    const spec = { name: 'sleeper', argv: ['sleep', '60'] } as const;
    const first = await startProcess(folder, spec);
    expect((await startProcess(folder, spec)).pid).toBe(first.pid);
  });

  it('ends by SIGTERM and is forgotten', async () => {
    const record = await startProcess(folder, { name: 'sleeper', argv: ['sleep', '60'] });
    await stopProcess(folder, record, 5_000);
    expect(isAlive(record)).toBe(false);
    expect(await readProcesses(folder)).toEqual([]);
  });

  it('ends by SIGKILL when it ignores SIGTERM', async () => {
    const record = await startProcess(folder, {
      name: 'stubborn',
      argv: ['/bin/sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1; done'],
    });
    await expect.poll(() => readFile(record.log, 'utf8')).toBe('up\n');
    await stopProcess(folder, record, 200);
    expect(isAlive(record)).toBe(false);
  });

  it('keeps its record when it is killed, for a restart', async () => {
    const record = await startProcess(folder, { name: 'sleeper', argv: ['sleep', '60'] });
    await killProcess(record);
    expect(isAlive(record)).toBe(false);
    const again = await startProcess(folder, record);
    expect(again.pid).not.toBe(record.pid);
    expect(isAlive(again)).toBe(true);
  });
});

describe('a process that only has the recorded number', () => {
  it.each([
    ['started at another time', { start: '1' }],
    ['in an earlier boot of the machine', { boot: 'another' }],
  ])('is not ended: %s', async (_name, difference) => {
    const record = await startProcess(folder, { name: 'innocent', argv: ['sleep', '60'] });
    await stopProcess(folder, { ...record, ...difference, name: 'other' }, 0);
    expect(isAlive(record)).toBe(true);
  });

  it('is told apart from this process, which lives', () => {
    const own = identify(process.pid);
    expect(own !== undefined && isAlive(own)).toBe(true);
  });
});
