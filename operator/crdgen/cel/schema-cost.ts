import type { JsonSchema, ValidationRule } from '../schema.ts';
import { estimate } from './cost.ts';
import { CelCostError } from './estimate.ts';
import { parseCel } from './syntax.ts';
import { celTypeOf } from './types.ts';

/** The most that one rule may cost (k8s.io/apiextensions-apiserver validation, StaticEstimatedCostLimit). */
export const RULE_LIMIT = 10_000_000;
/** The most that the rules of one version may cost together (StaticEstimatedCRDCostLimit). */
export const VERSION_LIMIT = 100_000_000;

/** What a rule costs at most, on every object that its place may occur in. */
export interface RuleCost {
  readonly rule: number;
  /** Of the message expression, which is evaluated once; 0 without one. */
  readonly message: number;
}

/**
 * Estimates a rule at its place. `occurrences` is how often the place may occur in one object: the product of the
 * limits of the lists and maps above it. Throws CelSyntaxError or CelCostError.
 */
export function costOfRule(rule: ValidationRule, schema: JsonSchema, occurrences: number, root = false): RuleCost {
  const type = celTypeOf(schema, root || undefined);
  if (!type) return { rule: 0, message: 0 };
  const scope = new Map([
    ['self', type],
    ['oldSelf', type],
  ]);
  const costOf = (expression: string, kind: 'bool' | 'string') => {
    const { cost, type: result } = estimate(parseCel(expression), scope);
    if (result.kind === kind || result.kind === 'dyn') return cost;
    throw new CelCostError(`${expression} gives ${result.kind} instead of ${kind}`);
  };
  const { messageExpression } = rule;
  return {
    rule: costOf(rule.rule, 'bool') * occurrences,
    message: messageExpression ? costOf(messageExpression, 'string') : 0,
  };
}
