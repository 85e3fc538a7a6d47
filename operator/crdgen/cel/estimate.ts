import type { Expression } from './syntax.ts';
import type { CelType } from './types.ts';

/** What evaluating an expression costs at most, in the units of cel-go, and what its value is. */
export interface Estimate {
  readonly cost: number;
  readonly type: CelType;
  /** The greatest size of the value; 1 for a number that a rule computes. */
  readonly size: number;
}

/** What names stand for. */
export type Scope = ReadonlyMap<string, CelType>;

/**
 * An expression whose cost cannot be told.
 * @remedy write the rule with functions and fields that CEL knows at this place
 */
export class CelCostError extends Error {
  readonly code = 'CRDGEN_CEL_COST';

  constructor(message: string) {
    super(message);
    this.name = 'CelCostError';
  }
}

/** Estimates one expression inside another. */
export type Estimator = (node: Expression, scope: Scope) => Estimate;

/** What reading one character of a string costs. */
const STRING_FACTOR = 0.1;

/** A value that a rule computes: a number has size 1, anything else the size of its type. */
export function computed(cost: number, type: CelType, size = type.size): Estimate {
  return { cost, type, size: type.size === 0 ? 1 : size };
}

/** The cost of several expressions. */
export function sum(parts: readonly Estimate[]): number {
  return parts.reduce((total, { cost }) => total + cost, 0);
}

/** The cost of walking through a string once. */
export function traversal(size: number, factor = STRING_FACTOR): number {
  return Math.ceil(size * factor);
}
