/** The benchmark of the runtime, made small: it measures what it says. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { measureRuntime, type RuntimeReport } from '../bench/runtime/measure.ts';
import { compare, table } from '../bench/runtime/report.ts';
import { tryCommand } from '../cluster/commands.ts';

const size = { objects: 200, pods: 1000, rounds: 1 };
const changes = 10;

let report: RuntimeReport | undefined;
let unavailable: string | undefined;

beforeAll(async () => {
  // Fetches what the build needs and says why it cannot; an error of the program itself is not the proxy's.
  const cwd = join(import.meta.dirname, '../bench/runtime-go');
  const modules = await tryCommand(['go', 'list', '-mod=readonly', '-deps', '.'], { cwd, timeoutMs: 300_000 });
  if (modules.code === 0) report = await measureRuntime(size, new AbortController().signal);
  else unavailable = `the modules of the baseline cannot be had: ${modules.stderr.slice(-300)}`;
}, 900_000);

function round(context: TestContext): RuntimeReport['results'][number] {
  context.skip(unavailable !== undefined, unavailable);
  const [first] = report?.results ?? [];
  if (first === undefined) throw new TypeError('nothing was measured');
  return first;
}

describe.for(['ours', 'theirs'] as const)('%s', (name) => {
  it('brings every assembly, child and status to what its spec asks for', (context) => {
    expect(round(context)[name].right).toBe(size.objects);
  });

  it('writes the child and the status of each assembly once, and of each that changed once more', (context) => {
    const { first, churn } = round(context)[name];
    expect({ first: first.writes, churn: churn.writes }).toEqual({ first: 2 * size.objects, churn: 2 * changes });
    expect(churn.changes).toBe(changes);
    expect(first.reconciles).toBeGreaterThanOrEqual(size.objects);
  });

  it('writes nothing in passes that change nothing', (context) => {
    const { noOps } = round(context)[name];
    expect(noOps).toMatchObject({ passes: size.objects, writes: 0 });
  });

  it('caches all pods, and says each child once more after a start', (context) => {
    const { podEvents, restart } = round(context)[name];
    expect(podEvents.events).toBe(size.pods / 2);
    expect(restart).toMatchObject({ podsCached: size.pods, writes: size.objects });
  });
});

it('prints a finite number in every line of both sides', (context) => {
  const first = round(context);
  for (const { name, ours, theirs } of compare({ results: [first] })) {
    expect([ours, theirs].every(Number.isFinite), name).toBe(true);
  }
  if (report !== undefined) expect(table(report)).toContain('targets of our runtime');
});
