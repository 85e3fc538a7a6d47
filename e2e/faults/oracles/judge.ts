/** What a plan's outcome says: state, counts, number of writes. Pure. */
import type { Violation } from '../plan/plan.ts';
import type { Trace } from '../plan/trace.ts';
import type { Difference } from './reference.ts';

/** A violation that is not yet named after its plan. */
export type Finding = Omit<Violation, 'plan' | 'replay'>;

/** A recovery repeats writes; a hot loop makes hundreds. */
const WRITES_FACTOR = 3;
const WRITES_EXTRA = 15;

/** O1: the end state is that of the clean runs. */
export function judgeState(differences: readonly Difference[]): readonly Finding[] {
  return differences.map(({ object, expected, actual }) => ({ oracle: 'state', object, expected, actual }));
}

/** O2: what was created and deleted, and how often, is what clean runs created and deleted, or at most that. */
export function judgeEffects(
  trace: Trace,
  effects: ReadonlyMap<string, number>,
  how: 'exactly' | 'at-most',
): readonly Finding[] {
  const names = [...new Set([...trace.effects.keys(), ...effects.keys()])];
  return names.flatMap((object) => {
    const { least: usual, most } = trace.effects.get(object) ?? { least: 0, most: 0 };
    const least = how === 'exactly' ? usual : 0;
    const actual = effects.get(object) ?? 0;
    if (actual >= least && actual <= most) return [];
    const expected = least === most ? String(least) : `${least} to ${most}`;
    return [{ oracle: 'counts', object, expected, actual: String(actual) }];
  });
}

/** O4: no life of the operator costs more than a bounded number of writes, whatever it had to recover. */
export function judgeWrites(trace: Trace, lives: readonly number[]): readonly Finding[] {
  const bound = trace.writes * WRITES_FACTOR + WRITES_EXTRA;
  const counts = new Map<number, number>();
  for (const life of lives) counts.set(life, (counts.get(life) ?? 0) + 1);
  const writes = Math.max(0, ...counts.values());
  if (writes <= bound) return [];
  return [{ oracle: 'writes', object: 'writes of one life', expected: `at most ${bound}`, actual: String(writes) }];
}

/** Objects and effects that are missing, and those that are there twice or should not be, of findings. */
export function lossOf(findings: readonly Finding[]): { readonly lost: number; readonly duplicated: number } {
  let [lost, duplicated] = [0, 0];
  for (const { oracle, expected, actual } of findings) {
    if (oracle === 'state' && actual === 'absent' && expected === 'exists') lost += 1;
    if (oracle === 'leak' || (oracle === 'state' && actual === 'exists')) duplicated += 1;
    if (oracle !== 'counts') continue;
    const [bound = 0] = expected.split(' to ').map(Number).slice(-1);
    const surplus = Number(actual) - bound;
    if (surplus > 0) duplicated += surplus;
    else lost += Math.max(Number.parseInt(expected, 10) - Number(actual), 0);
  }
  return { lost, duplicated };
}
