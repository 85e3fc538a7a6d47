import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = join(import.meta.dirname, 'main.ts');
let folder = '';

function crd(version: string, maximum: number): string {
  const schema = { openAPIV3Schema: { type: 'object', properties: { size: { type: 'integer', maximum } } } };
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { kind: 'Thing', plural: 'things' },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crd-diff-'));
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'beta.yaml'), crd('v1beta1', 10));
  writeFileSync(join(folder, 'tighter.yaml'), crd('v1beta1', 9));
  writeFileSync(join(folder, 'alpha.yaml'), crd('v1alpha1', 10));
  writeFileSync(join(folder, 'tighter-alpha.yaml'), crd('v1alpha1', 9));
  writeFileSync(join(folder, 'broken.yaml'), 'a: [');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function diff(
  args: readonly string[],
  input = '',
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'crd', 'diff', ...args], {
    cwd: folder,
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

const table = (level: string, version: string): string =>
  [
    'LEVEL    DEFINITION                   FIELD  CHANGE',
    `${level}  things.example.com ${version}  size   maximum was 10 and is 9`,
  ].join('\n');

describe('gpuopt crd diff', () => {
  it('refuses what breaks a stable version', () => {
    const { status, stdout } = diff(['beta.yaml', 'tighter.yaml']);
    expect(status).toBe(1);
    expect(stdout).toContain('error  things.example.com v1beta1  size   maximum was 10 and is 9\n');
    expect(stdout).toContain('errors: 1, warnings: 0, safe: 0\n');
  });

  it('warns of the same in an alpha version', () => {
    const { status, stdout } = diff(['alpha.yaml', 'tighter-alpha.yaml']);
    expect(status).toBe(0);
    expect(stdout).toBe(`${table('warning', 'v1alpha1')}\n\nerrors: 0, warnings: 1, safe: 0\n`);
  });

  it('reads standard input, and answers in JSON', () => {
    const { status, stdout } = diff(['-', 'beta.yaml', '--json'], crd('v1beta1', 9));
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      {
        crd: 'things.example.com',
        version: 'v1beta1',
        path: 'size',
        rule: 'maximum',
        level: 'safe',
        message: 'maximum was 9 and is 10',
      },
    ]);
  });

  it('waits for a writer that is late where standard input does not block', async () => {
    // A killed Node leaves the pipe that it shares as it used it: non-blocking.
    const unblock = `process.stdin.resume(); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100)`;
    const child = spawn(
      'sh',
      ['-c', `"$0" -e "${unblock}"; exec "$0" "$@"`, process.execPath, main, 'crd', 'diff', '-', 'beta.yaml'],
      { cwd: folder, stdio: 'pipe' },
    );
    const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    await sleep(3_000);
    child.stdin.on('error', () => child.stdin.destroy()).end(crd('v1beta1', 10));
    const [stdout, stderr] = await said;
    expect({ stdout, code: child.exitCode, stderr: stderr.replace(/^Killed\n/, '') }).toEqual({
      stdout: 'nothing changes\n',
      code: 0,
      stderr: '',
    });
  });

  it('takes standard input once', () => {
    const { status, stderr } = diff(['-', '-'], crd('v1beta1', 10));
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('OLD and NEW are both -') });
  });

  it.each([
    ['nowhere', 'nowhere cannot be read: ENOENT'],
    ['empty', 'empty holds no CustomResourceDefinition'],
    ['broken.yaml', 'broken.yaml: not YAML'],
  ])('says in a line why it cannot compare %s', (place, says) => {
    const { status, stderr } = diff([place, 'beta.yaml']);
    expect({ status, lines: stderr.trim().split('\n').length }).toEqual({ status: 2, lines: 1 });
    expect(stderr).toContain(says);
  });
});
