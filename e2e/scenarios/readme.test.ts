import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { validateOffline } from '../../operator/crdgen/index.ts';
import { runCommand } from '../cluster/commands.ts';

const root = resolve(import.meta.dirname, '../..');

/** Commands of the README that this test does not run, and why. */
const notRun: Readonly<Record<string, string>> = {
  'make test': 'it is the run that you are looking at',
};

/** Fewer blocks than this and the README was not read. */
const FLOOR = { sh: 8, yaml: 5 };
const BLOCK_MS = 15 * 60_000;

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocks = blocksOf(await readFile(join(root, 'README.md'), 'utf8'));
const shell = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
const printed = blocks.filter(({ language }) => language === 'text').map(({ text }) => text);

let checkout: string;

/** A copy of the checkout in an empty folder, with the installed packages: what a newcomer has after cloning. */
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'readme-'));
  const files = await runCommand(['git', 'ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of files.trim().split('\n')) {
    // Times are kept, so that make does not install the packages anew.
    await cp(join(root, file), join(checkout, file), { preserveTimestamps: true }).catch((error: unknown) => {
      // A file that was deleted and not yet committed is still listed.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
  }
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
});

afterAll(async () => {
  await bash('make demo-down', 120_000);
  await rm(checkout, { recursive: true, force: true });
});

describe('every block of the README', () => {
  test('is found', () => {
    expect(shell.length).toBeGreaterThanOrEqual(FLOOR.sh);
    expect(blocks.filter(({ language }) => language === 'yaml').length).toBeGreaterThanOrEqual(FLOOR.yaml);
  });

  test.each(blocks.filter(({ language }) => language === 'yaml'))('is a valid resource: $text', ({ text }) => {
    const objects = parseAllDocuments(text).map((document) => document.toJS());
    expect(objects.flatMap((object) => validateOffline(object))).toEqual([]);
  });

  test('runs, in order, in one shell', { timeout: BLOCK_MS }, async () => {
    const run = shell.filter((text) => notRun[text.trim()] === undefined);
    expect(shell.length - run.length).toBe(Object.keys(notRun).length);
    const script = run.map((text, at) => `echo "::block ${at}"; ${text}`).join('\n');
    const { code, output } = await bash(script, BLOCK_MS);
    const reached = output.split('::block ').length - 1;
    expect(code, `block ${reached} of ${run.length} failed:\n${output.slice(-6000)}`).toBe(0);
    for (const line of printed.flatMap((text) => text.trim().split('\n'))) {
      expect(masked(output)).toContain(masked(line.trim()));
    }
  });
});

function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** What differs from run to run: numbers, random names, and plurals after a number. */
function masked(text: string): string {
  return text
    .replace(/gpuopt-[a-z0-9]+-[a-z0-9]+_[a-z0-9]+/g, 'POD')
    .replace(/\d+ (pod|mail|meter|recommendation)s?\b/g, 'N $1s')
    .replace(/\d+/g, 'N');
}

/** Runs a script as a newcomer would: in the checkout, without the settings of this test. */
async function bash(script: string, timeoutMs: number): Promise<{ readonly code: number; readonly output: string }> {
  const { GPUOPT_STATE: _state, KUBECONFIG: _config, GPUOPT_SERVER: _server, ...env } = process.env;
  return await new Promise((done) => {
    const child = spawn('bash', ['-eo', 'pipefail', '-c', script], { cwd: checkout, env, detached: true });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), timeoutMs);
    child.once('close', (code) => {
      clearTimeout(timer);
      done({ code: code ?? 1, output });
    });
  });
}
