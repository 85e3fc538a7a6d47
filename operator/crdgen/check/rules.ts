import { CelCostError } from '../cel/estimate.ts';
import { costOfRule, RULE_LIMIT, VERSION_LIMIT } from '../cel/schema-cost.ts';
import { CelSyntaxError, type Expression, parseCel, patternsOf, usesOldSelf } from '../cel/syntax.ts';
import { toSchema } from '../emit/schema.ts';
import { ApiTypeError } from '../errors.ts';
import type { Node, Root, Rule } from '../model.ts';
import { complaintOf } from '../pattern/index.ts';
import { type Step, walk } from './walk.ts';

/** Reasons that a rule may give (k8s.io/apiextensions-apiserver, FieldValueErrorReason). */
const REASONS = ['FieldValueRequired', 'FieldValueInvalid', 'FieldValueForbidden', 'FieldValueDuplicate'];

type Check = (rule: Rule, step: Step, expression: Expression) => string | undefined;

const checks: readonly Check[] = [oneLineMessage, knownReason, reachedField, correlated, optionalOld, knownPatterns];

/** Refuses a rule that the API server would refuse: its text, what it costs, and what all rules of a version cost. */
export function checkRules(root: Root): void {
  let total = 0;
  for (const step of walk(root.object)) {
    for (const rule of step.node.rules) total += checkRule(rule, step, step.node === root.object);
  }
  if (total > VERSION_LIMIT) {
    throw new ApiTypeError(
      root.at,
      `the rules of ${root.kind} ${root.version} may cost ${words(total)} together, the API server allows ${words(VERSION_LIMIT)}; lower @maxLength, @maxItems or @maxProps`,
    );
  }
}

function checkRule(rule: Rule, step: Step, isRoot: boolean): number {
  try {
    const expression = parseCel(rule.rule);
    for (const check of checks) refuse(rule, step, check(rule, step, expression));
    const cost = costOfRule(rule, toSchema(step.node), occurrences(step), isRoot);
    refuse(rule, step, overLimit('the rule', cost.rule) ?? overLimit('the messageExpression', cost.message));
    return cost.rule + cost.message;
  } catch (error) {
    if (error instanceof CelCostError || error instanceof CelSyntaxError) {
      throw new ApiTypeError(rule.at, `${step.path || '.'}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function refuse(rule: Rule, { path }: Step, finding: string | undefined): void {
  if (finding) throw new ApiTypeError(rule.at, `${path || '.'}: ${finding}`);
}

function overLimit(what: string, cost: number): string | undefined {
  if (cost <= RULE_LIMIT) return undefined;
  return `${what} may cost ${words(cost)}, the API server allows ${words(RULE_LIMIT)}; lower @maxLength, @maxItems or @maxProps, or put the rule on a smaller scope`;
}

/** How often the place may occur in one object: the product of the limits of the lists and maps above it. */
function occurrences({ ancestors }: Step): number {
  return ancestors.reduce((times, { facets }) => times * (facets.maxItems ?? facets.maxProperties ?? 1), 1);
}

function oneLineMessage({ rule, message }: Rule): string | undefined {
  if (message?.includes('\n')) return 'the message of a rule is one line';
  return rule.includes('\n') && !message
    ? 'a rule of several lines needs a message beside its messageExpression'
    : undefined;
}

function knownReason({ reason }: Rule): string | undefined {
  return reason === undefined || REASONS.includes(reason)
    ? undefined
    : `the reason ${reason} is not known; known are ${REASONS.join(', ')}`;
}

/** Where the message points to; a path that leads nowhere is refused with the whole definition. */
function reachedField({ fieldPath }: Rule, { node }: Step): string | undefined {
  if (fieldPath === undefined) return undefined;
  const names = fieldPath.split('.').slice(1);
  const found = names.reduce<Node | undefined>(
    (at, name) => at?.fields?.find((field) => field.name === name)?.node,
    node,
  );
  return fieldPath.startsWith('.') && found
    ? undefined
    : `fieldPath ${fieldPath} leads to no field below; it begins with a dot`;
}

/** The API server finds the old value of an entry only in maps and keyed lists; elsewhere it refuses transition rules. */
function correlated(_rule: Rule, { ancestors }: Step, expression: Expression): string | undefined {
  return usesOldSelf(expression) && ancestors.some(loses)
    ? 'oldSelf cannot be found inside a set or an atomic list or object; use @listType map, or put the rule above'
    : undefined;
}

function loses(node: Node): boolean {
  const listType = node.facets['x-kubernetes-list-type'];
  if (node.type === 'array') return listType !== 'map';
  return node.facets['x-kubernetes-map-type'] === 'atomic';
}

function optionalOld({ optionalOldSelf }: Rule, _step: Step, expression: Expression): string | undefined {
  return optionalOldSelf !== undefined && !usesOldSelf(expression)
    ? 'optionalOldSelf goes with a rule that uses oldSelf'
    : undefined;
}

function knownPatterns(_rule: Rule, _step: Step, expression: Expression): string | undefined {
  const wrong = patternsOf(expression).find((pattern) => complaintOf(pattern) !== undefined);
  return wrong === undefined ? undefined : `the pattern ${wrong} ${complaintOf(wrong)}`;
}

function words(cost: number): string {
  return Number.isFinite(cost) ? cost.toLocaleString('en-US') : 'more than can be said';
}
