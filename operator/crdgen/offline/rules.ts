import { callsOf, evaluateCel, parseCel, usesOldSelf } from '../cel/syntax.ts';
import type { Json, JsonSchema, ValidationRule } from '../schema.ts';
import { celValue } from './cel-value.ts';

/** A rule that an object breaks, as the API server says it. */
export interface BrokenRule {
  readonly path: string;
  readonly message: string;
}

/** A rule that only the cluster can judge. */
export interface UnjudgedRule {
  readonly path: string;
  readonly rule: string;
  readonly why: string;
}

/** What the rules of a schema say about a value. */
export interface RuleVerdict {
  readonly broken: readonly BrokenRule[];
  readonly unjudged: readonly UnjudgedRule[];
}

/**
 * Calls that are evaluated here as the API server does; a rule with any other is left to the cluster, since the library
 * goes by UTF-16 units where CEL goes by characters, or by all letters where CEL means those of ASCII.
 */
const KNOWN_CALLS: ReadonlySet<string> = new Set(
  'has size startsWith endsWith contains matches all exists exists_one map filter type int timestamp dyn'.split(' '),
);
/** Formats whose values are something else than text to a rule, and are not turned into it here. */
const OPAQUE_FORMATS: ReadonlySet<string> = new Set(['byte', 'duration']);
/** Errors that the API server would meet too; any other is a gap of the evaluation here. */
const RUNTIME_ERRORS: ReadonlySet<string> = new Set([
  'no_such_key',
  'index_out_of_bounds',
  'index_out_of_range',
  'division_by_zero',
  'modulo_by_zero',
  'numeric_overflow',
  'int_conversion_error',
  'double_conversion_error',
  'invalid_timestamp',
]);

/** Evaluates every rule of a schema on a value that is otherwise valid; `root` is true for a whole resource. */
export function judgeRules(value: Json, schema: JsonSchema, path = '', root = false): RuleVerdict {
  if (value === null) return { broken: [], unjudged: [] };
  const here = (schema['x-kubernetes-validations'] ?? []).map((rule) => judgeRule(rule, value, schema, path, root));
  const verdicts = [
    ...here,
    ...childrenOf(value, schema, path).map(([child, type, at]) => judgeRules(child, type, at)),
  ];
  return { broken: verdicts.flatMap(({ broken }) => broken), unjudged: verdicts.flatMap(({ unjudged }) => unjudged) };
}

type Child = readonly [Json, JsonSchema, string];

function childrenOf(value: Json, schema: JsonSchema, path: string): readonly Child[] {
  const { items, properties = {}, additionalProperties } = schema;
  if (Array.isArray(value))
    return items ? value.map((item: Json, index): Child => [item, items, `${path}[${index}]`]) : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]: [string, Json]): Child[] => {
    const type = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    const at = /[./]/.test(name) ? `${path}[${name}]` : `${path && `${path}.`}${name}`;
    return typeof type === 'object' ? [[child, type, at]] : [];
  });
}

function judgeRule(rule: ValidationRule, value: Json, schema: JsonSchema, path: string, root: boolean): RuleVerdict {
  const why = whyNot(rule.rule, schema);
  if (why) return { broken: [], unjudged: [{ path, rule: rule.rule, why }] };
  const context = { self: celValue(value, schema, root) };
  const { result, error } = evaluate(rule.rule, context);
  if (result === true) return { broken: [], unjudged: [] };
  if (error && !RUNTIME_ERRORS.has(error.code)) {
    return { broken: [], unjudged: [{ path, rule: rule.rule, why: error.summary }] };
  }
  const detail = error ? `${error.summary} evaluating rule: ${textOf(rule)}` : (written(rule, context) ?? textOf(rule));
  const at = `${path}${rule.fieldPath ?? ''}`.replace(/^\./, '');
  return { broken: [{ path: at, message: `${at || '<nil>'}: ${prefix(rule, value)}${detail}` }], unjudged: [] };
}

function whyNot(text: string, schema: JsonSchema): string | undefined {
  const expression = parseCel(text);
  if (usesOldSelf(expression)) return 'it compares with the object before';
  const unknown = [...callsOf(expression)].filter((name) => !KNOWN_CALLS.has(name));
  if (unknown.length > 0) return `it calls ${unknown.join(', ')}`;
  return OPAQUE_FORMATS.has(schema.format ?? '') ? `its value has the format ${schema.format}` : undefined;
}

interface Failure {
  readonly code: string;
  readonly summary: string;
}

function evaluate(
  text: string,
  context: { readonly self: unknown },
): { readonly result?: unknown; readonly error?: Failure } {
  try {
    return { result: evaluateCel(text, context) };
  } catch (error) {
    const { code = '', summary } = error as Partial<Failure>;
    return { error: { code, summary: summary ?? String(error) } };
  }
}

function written({ messageExpression }: ValidationRule, context: { readonly self: unknown }): string | undefined {
  if (!messageExpression) return undefined;
  const { result } = evaluate(messageExpression, context);
  return typeof result === 'string' && result.trim() !== '' ? result : undefined;
}

function textOf({ rule, message }: ValidationRule): string {
  return message ?? `failed rule: ${rule}`;
}

/** The words that field errors begin with (k8s.io/apimachinery field.Error); objects and lists are not printed. */
function prefix({ reason }: ValidationRule, value: Json): string {
  if (reason === 'FieldValueRequired') return 'Required value: ';
  if (reason === 'FieldValueForbidden') return 'Forbidden: ';
  const shown = typeof value === 'object' ? '' : `${JSON.stringify(value)}: `;
  return `${reason === 'FieldValueDuplicate' ? 'Duplicate' : 'Invalid'} value: ${shown}`;
}
