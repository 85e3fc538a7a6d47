import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crdgen-main-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function crdgen(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
}

it('prints help with an example', () => {
  expect(crdgen('--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('Example: node operator/crdgen'),
  });
});

it('refuses an unknown flag without a stack', () => {
  const { status, stderr } = crdgen('--chek');
  expect({ status, lines: stderr.trim().split('\n').length }).toEqual({ status: 2, lines: 1 });
});

it('writes, finds all well, and then names a file that was touched', () => {
  expect(crdgen('--out', folder)).toMatchObject({ status: 0, stderr: '' });
  expect(crdgen('--check', '--out', folder)).toMatchObject({ status: 0, stderr: '' });
  writeFileSync(join(folder, 'crds/kustomization.yaml'), 'touched\n');
  const { status, stderr } = crdgen('--check', '--out', folder);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringContaining('changed: crds/kustomization.yaml\n'),
  });
});

it('notes the definitions as released, and no others', () => {
  mkdirSync(join(folder, 'crds/released'), { recursive: true });
  writeFileSync(join(folder, 'crds/released/gone.yaml'), 'gone\n');
  const { status, stdout } = crdgen('--release', '--out', folder);
  const noted = readdirSync(join(folder, 'crds/released'));
  expect({ status, noted: noted.map((name) => `noted crds/released/${name}`) }).toEqual({
    status: 0,
    noted: stdout.trim().split('\n'),
  });
  expect(noted).toContain('gpuoptimizer.io_tenants.yaml');
  expect(noted).not.toContain('gone.yaml');
});
