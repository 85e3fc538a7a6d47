/**
 * `make test`: verify, unit tables and scenarios on a real cluster, one after the other; every part runs even if an earlier one failed.
 * Ends with the skipped and the failed tests by name and the line `N passed, N failed, N skipped`; exits 1 when anything failed.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { TestTally } from './reporter.ts';
import { type Check, checks } from './verify.ts';

const root = resolve(import.meta.dirname, '../..');
const state = process.env.GPUOPT_STATE ?? join(root, '.gpuopt', 'test');
const env = { ...process.env, GPUOPT_STATE: state, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` };
const started = performance.now();

const { values, positionals } = parseArgs({
  options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});
if (values.help) {
  console.log(
    'Usage: node e2e/tasks/test.ts [--only verify|unit|scenarios] [FILE...]\n\nExample: node e2e/tasks/test.ts --only scenarios e2e/scenarios/growth.test.ts',
  );
  process.exit(0);
}

const tallies: TestTally[] = [];
if (wanted('verify')) tallies.push(await verify());
if (wanted('unit')) tallies.push(await vitest('unit'));
if (wanted('scenarios')) tallies.push(await scenarios());
process.exitCode = conclude(tallies);

function wanted(part: string): boolean {
  return values.only === undefined || values.only === part;
}

function elapsed(): string {
  const seconds = Math.round((performance.now() - started) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

async function verify(): Promise<TestTally> {
  let passed = 0;
  const failed: { name: string; message: string }[] = [];
  for (const check of checks) {
    const problem = await problemOf(check);
    console.log(`${elapsed().padStart(6)}  ${problem === undefined ? '✓' : '✗'} verify: ${check.name}`);
    if (problem === undefined) passed += 1;
    else {
      failed.push({ name: `verify: ${check.name}`, message: 'what it printed is above' });
      console.log(problem);
    }
  }
  return { passed, failed, skipped: [] };
}

async function problemOf(check: Check): Promise<string | undefined> {
  const { code, output } = await node(check.args, 'capture');
  if (code !== 0) return output;
  if (check.floor === undefined) return undefined;
  const seen = Number(check.floor.pattern.exec(output)?.[1] ?? 0);
  return seen >= check.floor.least
    ? undefined
    : `${output}\nit looked at ${seen}, expected at least ${check.floor.least}`;
}

async function scenarios(): Promise<TestTally> {
  console.log(
    `${elapsed().padStart(6)}  scenarios: starting the cluster (the first build takes ten to twenty minutes on two cores)`,
  );
  const bundle = await node(['e2e/image/bundle.ts'], 'show');
  const up = await node(['e2e/cluster/cli.ts', 'up'], 'show');
  if (bundle.code !== 0 || up.code !== 0) {
    return brokenRun(
      'scenarios',
      `the ${bundle.code !== 0 ? 'bundle was not built' : 'cluster did not start'}, see above`,
    );
  }
  try {
    return await vitest('scenarios');
  } finally {
    await node(['e2e/cluster/cli.ts', 'down'], 'show');
  }
}

async function vitest(project: string): Promise<TestTally> {
  mkdirSync(state, { recursive: true });
  const file = join(state, `tally-${project}.json`);
  rmSync(file, { force: true });
  await node(
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      project,
      '--reporter',
      'default',
      '--reporter',
      './e2e/tasks/tally.ts',
      ...positionals,
    ],
    'show',
    { GPUOPT_TEST_TALLY: file },
  );
  return readTally(file, project);
}

function readTally(file: string, project: string): TestTally {
  try {
    const tally: TestTally = JSON.parse(readFileSync(file, 'utf8'));
    const ran = tally.passed + tally.failed.length + tally.skipped.length;
    return ran > 0 ? tally : brokenRun(project, 'no test ran');
  } catch (error) {
    return brokenRun(project, `ended without a result (${String(error)})`);
  }
}

function brokenRun(name: string, message: string): TestTally {
  return { passed: 0, failed: [{ name, message }], skipped: [] };
}

function conclude(all: readonly TestTally[]): number {
  const passed = all.reduce((sum, tally) => sum + tally.passed, 0);
  const failed = all.flatMap((tally) => tally.failed);
  const skipped = all.flatMap((tally) => tally.skipped);
  console.log(`\nfinished after ${elapsed()} minutes`);
  for (const { name, reason } of skipped) console.log(`skipped: ${name}: ${reason}`);
  for (const { name, message } of failed) console.log(`failed: ${name}: ${message}`);
  console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
  return failed.length > 0 ? 1 : 0;
}

function node(
  args: readonly string[],
  mode: 'capture' | 'show',
  extra: Record<string, string> = {},
): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...env, ...extra },
      stdio: ['ignore', mode === 'show' ? 'inherit' : 'pipe', mode === 'show' ? 'inherit' : 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('close', (code) => done({ code: code ?? 1, output }));
  });
}
