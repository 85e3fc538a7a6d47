import type { Filler } from './fills.ts';
import { gpusOf } from './fills.ts';
import type { Matter } from './kinds.ts';
import { type Pattern, type Rest, solvePatterns } from './patterns.ts';

/** One node of a type and the kinds of pod on each of its GPUs; one that takes several GPUs is alone in its list. */
export interface Filled {
  readonly type: number;
  readonly gpus: readonly (readonly Filler[])[];
}

/** Rounds of making patterns for the whole, and for each rest. */
const FIRST_ROUNDS = 240;
const REST_ROUNDS = 120;
/** Solves of what rounding down left over. */
const MOST_RESTS = 24;
/** A pattern used at least this much in a rest is taken once. */
const ROUND_UP = 0.6;

/** Whole patterns for a program, with the program's value and ceiling in GPUs. */
export function fillNodes(matter: Matter): {
  readonly filled: readonly Filled[];
  readonly value: number;
  readonly ceiling: number;
} {
  const pods = matter.kinds.map(({ members }) => members.length);
  const nodes = matter.types.map(({ nodes: same }) => same.length);
  const patterns: Pattern[] = [];
  const filled: Filled[] = [];
  const take = ({ type, fill }: Pattern): boolean => {
    if ((nodes[type] ?? 0) === 0) return false;
    nodes[type] = (nodes[type] ?? 0) - 1;
    // A pattern may ask for more pods than are left: it is taken without them, and what stays free is filled later.
    const gpus = gpusOf(fill).map((gpu) =>
      gpu.filter(({ kind }) => {
        if ((pods[kind] ?? 0) === 0) return false;
        pods[kind] = (pods[kind] ?? 0) - 1;
        return true;
      }),
    );
    filled.push({ type, gpus });
    return true;
  };
  const first = solvePatterns({ matter, pods, nodes }, patterns, FIRST_ROUNDS);
  for (const { pattern, amount } of first.used) for (let one = 1; one <= amount + 1e-6; one++) take(pattern);
  for (let at = 0; at < MOST_RESTS && nodes.some((left) => left > 0); at++) {
    const rest: Rest = { matter, pods: [...pods], nodes: [...nodes] };
    const { used } = solvePatterns(rest, patterns, REST_ROUNDS);
    if (used.length === 0) break;
    const sorted = [...used].sort((left, right) => right.amount - left.amount);
    for (const [place, { pattern, amount }] of sorted.entries()) {
      const whole = Math.floor(amount + 1e-6);
      for (let one = 0; one < whole; one++) take(pattern);
      if (amount - whole >= ROUND_UP || (place === 0 && whole === 0)) take(pattern);
    }
  }
  return { filled, value: first.value, ceiling: first.ceiling };
}
