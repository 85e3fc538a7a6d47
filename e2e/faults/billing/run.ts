import { NotReached } from './breach.ts';
import type { Ground } from './ground.ts';
import { type CellResult, planCells, runCell } from './matrix.ts';
import { SubjectFailed } from './process.ts';
import { ownSenders } from './protocol.ts';
import { runRandom } from './random-cells.ts';
import { describeCell, type Report } from './report.ts';
import { runStorm, type StormResult } from './storm.ts';

/** What to run. */
export interface Plan {
  readonly seed: number;
  /** Whether a part with this id is wanted: a cell, `random/N` or `storm`. */
  readonly wanted: (id: string) => boolean;
  /** Worlds with random kills. */
  readonly random: number;
  /** Sends of the storm; 0 for none. */
  readonly sends: number;
  /** Begin nothing after this (milliseconds of `performance.now()`). */
  readonly until: number;
  readonly say: (line: string) => void;
}

/** A part of the plan. */
type Part =
  | { readonly id: string; readonly run: () => Promise<CellResult>; readonly list: 'cells' | 'naive' | 'random' }
  | { readonly id: string; readonly run: () => Promise<StormResult>; readonly list: 'storm' };

/** Cells that must be wrong with a sender that lacks something: something was taken, nothing here says so, and the peer forgets. */
const mustFail: ReadonlySet<string> = new Set([
  'naive/K5/25h/expiry=24h',
  'naive/K6/25h/expiry=24h',
  'markless/R9a/25h/expiry=24h',
  'markless/R9b/25h/expiry=24h',
]);

/** The ids of all that a plan has. */
export function idsOf(plan: Plan, ground?: Ground): readonly string[] {
  return partsOf(plan, ground).map(({ id }) => id);
}

/** Runs the plan, cell by cell. */
export async function runPlan(plan: Plan, ground: Ground): Promise<Report> {
  const cells: CellResult[] = [];
  const naive: CellResult[] = [];
  const random: CellResult[] = [];
  const left: string[] = [];
  let storm: StormResult | undefined;
  for (const part of partsOf(plan, ground)) {
    if (performance.now() > plan.until) {
      left.push(part.id);
      continue;
    }
    const outcome = await orBrokenOff(part);
    plan.say(describeCell(outcome.result));
    if (outcome.list === 'storm') storm = outcome.result;
    else ({ cells, naive, random })[outcome.list].push(outcome.result);
  }
  const ours = [...cells, ...random, ...(storm === undefined ? [] : [storm])];
  const sum = (values: readonly string[]): string => String(values.reduce((total, value) => total + BigInt(value), 0n));
  return {
    seed: plan.seed,
    cells,
    left,
    naive,
    random,
    ...(storm !== undefined && { storm }),
    lost: sum(ours.map(({ lost }) => lost)),
    surplus: sum(ours.map(({ surplus }) => surplus)),
    violations: [...ours.flatMap((one) => violationsOf(one, plan.seed)), ...naiveViolations(naive, plan.seed)],
  };
}

type Ran =
  | { readonly list: 'cells' | 'naive' | 'random'; readonly result: CellResult }
  | { readonly list: 'storm'; readonly result: StormResult };

/** A process that did what it may not ends its part, which is a violation, and not the run. */
async function orBrokenOff(part: Part): Promise<Ran> {
  try {
    if (part.list === 'storm') return { list: part.list, result: await part.run() };
    return { list: part.list, result: await part.run() };
  } catch (error) {
    if (!(error instanceof NotReached || error instanceof SubjectFailed)) throw error;
    const nothing = { truth: '0', billed: '0', lost: '0', surplus: '0', doubled: 0, states: {}, seconds: 0 };
    const list = part.list === 'storm' ? 'cells' : part.list;
    return { list, result: { id: part.id, what: 'broken off', ...nothing, violations: [error.message] } };
  }
}

function partsOf({ seed, wanted, random, sends, say }: Plan, ground: Ground | undefined): readonly Part[] {
  const open = (): Ground => {
    if (ground === undefined) throw new TypeError('parts are only listed here');
    return ground;
  };
  const cells = planCells().map((cell): Part => {
    const list = ownSenders.has(cell.sender) ? 'cells' : 'naive';
    return { id: cell.id, list, run: () => runCell(cell, open(), seed) };
  });
  const worlds = Array.from({ length: random }, (_, at): Part => {
    return { id: `random/${seed + at}`, list: 'random', run: () => runRandom(seed + at, open()) };
  });
  const storm: Part = { id: 'storm', list: 'storm', run: () => runStorm({ seed, sends, say }, open()) };
  return [...cells, ...worlds, ...(sends > 0 ? [storm] : [])].filter(({ id }) => wanted(id));
}

function violationsOf({ id, violations }: CellResult, seed: number): Report['violations'] {
  const replay = replayOf(id, seed);
  return violations.map((what) => ({ cell: id, what, replay }));
}

/** A naive sender that gets away with it would mean that the cell proves nothing. */
function naiveViolations(naive: readonly CellResult[], seed: number): Report['violations'] {
  return naive
    .filter(({ id, surplus }) => mustFail.has(id) && surplus === '0')
    .map(({ id }) => ({
      cell: id,
      what: 'this sender must bill twice here and did not: the cell proves nothing',
      replay: replayOf(id, seed),
    }));
}

function replayOf(id: string, seed: number): string {
  const [kind, of] = id.split('/');
  if (kind === 'random') return `make faults-billing ARGS='--seed ${of} --random 1 --only "^random/"'`;
  return `make faults-billing ARGS='--seed ${seed} --only "^${id}$"'`;
}
