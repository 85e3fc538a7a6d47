import { CelCostError, computed, type Estimate, type Estimator, type Scope } from './estimate.ts';
import type { Expression } from './syntax.ts';
import { type CelType, scalar } from './types.ts';

/** What cel-go's expansion of a macro costs beside the predicate, for each entry and once (parser/macro.go). */
interface Shape {
  readonly perEntry: number;
  readonly once: number;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  all: { perEntry: 3, once: 1 },
  exists: { perEntry: 4, once: 1 },
  exists_one: { perEntry: 2, once: 2 },
  map: { perEntry: 12, once: 11 },
  filter: { perEntry: 13, once: 11 },
};

/** The cost of a comprehension; undefined when the call is none. */
export function comprehensionCost(
  name: string,
  target: Expression,
  args: readonly Expression[],
  scope: Scope,
  estimate: Estimator,
): Estimate | undefined {
  const shape = SHAPES[name];
  const [variable, ...bodies] = args;
  if (!shape || variable?.op !== 'id') return undefined;
  if (bodies.length !== 1 && !(name === 'map' && bodies.length === 2)) {
    throw new CelCostError(`${name} with ${args.length} arguments is not known; write one variable and one expression`);
  }
  const range = estimate(target, scope);
  const inner = new Map(scope).set(variable.args, entryOf(range.type));
  const steps = bodies.map((body) => estimate(body, inner));
  const step = steps.reduce((total, { cost }) => total + cost, shape.perEntry);
  const cost = range.cost + shape.once + range.size * step;
  if (name !== 'map' && name !== 'filter') return computed(cost, scalar.bool);
  const last = steps.at(-1);
  const elem =
    name === 'filter' || !last ? entryOf(range.type) : { ...last.type, size: last.type.size === 0 ? 0 : last.size };
  return { cost, type: { kind: 'list', size: range.size, least: 2, elem, computed: true }, size: range.size };
}

/** A list is walked by entries, a map by keys, whose length nothing binds. */
function entryOf(type: CelType): CelType {
  if (type.kind === 'map') return { ...scalar.string, size: 0 };
  return type.elem ?? scalar.dyn;
}
