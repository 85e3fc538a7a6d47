import { MILLI_PER_GPU } from '../types.ts';
import { ceilingOfNode } from './ceiling.ts';
import { bestFill, type Fill, type Filler, gpuFills, gpusOf } from './fills.ts';
import type { Matter, PodKind } from './kinds.ts';
import { type Column, Program } from './simplex.ts';

/** A way to fill one node of a type. */
export interface Pattern extends Column {
  readonly type: number;
  readonly fill: Fill;
}

/** What is still to be placed, and on how many nodes. */
export interface Rest {
  readonly matter: Matter;
  /** Pods left by kind, and nodes left by type. */
  readonly pods: readonly number[];
  readonly nodes: readonly number[];
}

/** A solved program. */
export interface Solution {
  readonly used: readonly { readonly pattern: Pattern; readonly amount: number }[];
  /** GPUs that the patterns found place, and a bound that no set of patterns exceeds. */
  readonly value: number;
  readonly ceiling: number;
}

/** Pivots of one solve. */
const MOST_PIVOTS = 20_000;
/** A pattern is added if it beats the prices by this part of a GPU. */
const LEAST_GAIN = 1e-4;
/** Rounds between two looks at the ceiling, and how near to it is near enough, as a part of the fleet's GPUs. */
const LOOK_EVERY = 4;
const NEAR_ENOUGH = 5e-5;

/**
 * The linear program over node patterns: how many nodes of each type to fill in which way, so that the pods placed take
 * most GPU. Patterns are made where they are worth more than what they use at the prices of the program so far (column
 * generation, Gilmore and Gomory), for at most `rounds` rounds; `patterns` are those known already.
 */
export function solvePatterns(rest: Rest, patterns: Pattern[], rounds: number): Solution {
  const { matter, pods, nodes } = rest;
  const steps = stepsOf(matter.kinds);
  const limits = [...pods, ...nodes];
  // Rows of which nothing is left would only make the inverse larger.
  const open = limits.flatMap((limit, row) => (limit > 0 ? [row] : []));
  const rowOf = new Map(open.map((row, at) => [row, at]));
  const program = new Program(open.map((row) => limits[row] ?? 0));
  const add = (pattern: Pattern): void => {
    program.add({ ...pattern, rows: pattern.rows.map((row) => rowOf.get(row) ?? 0) });
  };
  const prices = (): Float64Array => {
    const all = new Float64Array(limits.length);
    for (const [at, row] of open.entries()) all[row] = program.prices[at] as number;
    return all;
  };
  const fits = patterns.filter((pattern) => possible(pattern, rest));
  for (const pattern of fits) add(pattern);
  let ceiling = Number.POSITIVE_INFINITY;
  const gpus = matter.types.reduce((sum, { room, nodes: all }) => sum + room.gpus * all.length, 0);
  for (let round = 0; round < rounds; round++) {
    program.solve(MOST_PIVOTS);
    const found = newPatterns(rest, prices(), steps);
    for (const pattern of found) {
      add(pattern);
      fits.push(pattern);
      patterns.push(pattern);
    }
    if (found.length > 0 && round % LOOK_EVERY !== LOOK_EVERY - 1) continue;
    ceiling = Math.min(ceiling, ceilingAt(rest, prices(), steps));
    if (found.length === 0 || ceiling - program.profit() <= NEAR_ENOUGH * gpus) break;
  }
  program.solve(MOST_PIVOTS);
  return {
    used: program.solution().map(({ column, amount }) => ({ pattern: fits[column] as Pattern, amount })),
    value: program.profit(),
    ceiling: Math.min(ceiling, ceilingAt(rest, prices(), steps)),
  };
}

function possible({ rows, amounts, type }: Pattern, { pods, nodes }: Rest): boolean {
  return (
    (nodes[type] ?? 0) > 0 && rows.every((row, at) => row >= pods.length || (amounts[at] ?? 0) <= (pods[row] ?? 0))
  );
}

/** Steps in a GPU: the largest that still measures every size exactly. */
function stepsOf(kinds: readonly PodKind[]): number {
  const common = (left: number, right: number): number => (right === 0 ? left : common(right, left % right));
  return MILLI_PER_GPU / kinds.reduce((step, { milli }) => common(step, milli), MILLI_PER_GPU);
}

/** The pods of a type at the prices of the program. */
function fillersOf({ matter, pods }: Rest, type: number, prices: Float64Array, steps: number): Filler[] {
  const allows = matter.types[type]?.allows ?? [];
  return matter.kinds.flatMap(({ cpuMilli, memoryMiB, milli, gpus, worth }, kind): Filler[] => {
    if (allows[kind] !== true || (pods[kind] ?? 0) === 0) return [];
    const size = (milli * steps) / MILLI_PER_GPU;
    return [{ kind, cpuMilli, memoryMiB, size, gpus, worth: worth - (prices[kind] as number) }];
  });
}

function newPatterns(rest: Rest, prices: Float64Array, steps: number): Pattern[] {
  const { matter, nodes } = rest;
  const ofGroup = new Map<string, { readonly fillers: readonly Filler[]; readonly ofGpu: readonly Fill[] }>();
  return matter.types.flatMap(({ room, group }, type) => {
    if ((nodes[type] ?? 0) === 0) return [];
    let known = ofGroup.get(group);
    if (known === undefined) {
      const fillers = fillersOf(rest, type, prices, steps);
      known = { fillers, ofGpu: gpuFills(fillers, steps) };
      ofGroup.set(group, known);
    }
    const fill = bestFill(room, known.fillers, known.ofGpu);
    const gain = fill.worth - (prices[matter.kinds.length + type] as number);
    return gain > LEAST_GAIN ? [patternOf(matter, type, fill)] : [];
  });
}

function patternOf(matter: Matter, type: number, fill: Fill): Pattern {
  const counts = new Map<number, number>();
  for (const { kind } of gpusOf(fill).flat()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const profit = [...counts].reduce((sum, [kind, count]) => sum + count * (matter.kinds[kind]?.worth ?? 0), 0);
  const rows = [...counts.keys(), matter.kinds.length + type];
  return { type, fill, rows, amounts: [...counts.values(), 1], profit };
}

/** What no plan exceeds: pods at their prices, nodes at more than any fill of them is worth beyond that (weak duality). */
function ceilingAt(rest: Rest, prices: Float64Array, steps: number): number {
  const { matter, pods, nodes } = rest;
  const kinds = matter.kinds.reduce((sum, _, kind) => sum + Math.max(0, prices[kind] as number) * (pods[kind] ?? 0), 0);
  return matter.types.reduce((sum, { room }, type) => {
    if ((nodes[type] ?? 0) === 0) return sum;
    return sum + (nodes[type] ?? 0) * ceilingOfNode(room, fillersOf(rest, type, prices, steps), steps);
  }, kinds);
}
