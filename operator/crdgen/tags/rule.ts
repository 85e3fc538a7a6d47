import { ApiTypeError, type Location } from '../errors.ts';
import type { Node, Rule } from '../model.ts';
import { celField } from '../rewrite/cel.ts';
import type { ValidationRule } from '../schema.ts';
import { json, nothing, type SealedTag, tag, words } from './tag.ts';

const SEPARATOR = ' -- ';
const KEYS = ['rule', 'message', 'messageExpression', 'reason', 'fieldPath', 'optionalOldSelf'];

function parseRule(payload: string, at: Location): ValidationRule {
  if (payload.startsWith('{')) return parseJsonRule(payload, at);
  const cut = payload.indexOf(SEPARATOR);
  if (cut < 0) throw new ApiTypeError(at, '@rule needs a message: @rule <cel> -- <what to write instead>');
  return { rule: payload.slice(0, cut).trim(), message: payload.slice(cut + SEPARATOR.length).trim() };
}

function parseJsonRule(payload: string, at: Location): ValidationRule {
  const value = json(payload) as Partial<ValidationRule>;
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown) throw new ApiTypeError(at, `@rule has no key ${unknown}; known are ${KEYS.join(', ')}`);
  const { rule, message, messageExpression } = value;
  if (!rule || !(message || messageExpression)) {
    throw new ApiTypeError(at, '@rule needs the keys rule and message, or rule and messageExpression');
  }
  return { ...value, rule };
}

function withRule(node: Node, rule: Rule): Node {
  return { ...node, rules: [...node.rules, rule] };
}

/** Fields that are set, as a sum: cheaper for the cost estimator than a list comprehension. */
function setCount(fields: readonly string[]): string {
  return fields.map((field) => `(has(self.${celField(field)}) ? 1 : 0)`).join(' + ');
}

const OBJECTS = ['object'] as const;

/** Tags that become CEL rules. */
export const ruleTags: readonly SealedTag[] = [
  tag({
    name: 'rule',
    allowedOn: 'all',
    order: 30,
    repeatable: true,
    parse: parseRule,
    apply: (node, rule, at) => withRule(node, { ...rule, at }),
    help: 'a CEL rule and its message: <cel> -- <message>, or a JSON object with the keys of the API',
  }),
  tag({
    name: 'immutable',
    allowedOn: 'all',
    order: 30,
    parse: nothing,
    apply: (node, _value, at) => ({ ...node, immutable: at }),
    help: 'the field cannot change, appear or vanish after creation',
  }),
  tag({
    name: 'oneOf',
    allowedOn: OBJECTS,
    order: 30,
    parse: words,
    apply: (node, fields, at) =>
      withRule(node, {
        rule: `${setCount(fields)} == 1`,
        message: `exactly one of ${fields.join(', ')} must be set`,
        at,
      }),
    help: 'exactly one of these fields is set',
  }),
  tag({
    name: 'atMostOneOf',
    allowedOn: OBJECTS,
    order: 30,
    parse: words,
    apply: (node, fields, at) =>
      withRule(node, {
        rule: `${setCount(fields)} <= 1`,
        message: `at most one of ${fields.join(', ')} may be set`,
        at,
      }),
    help: 'at most one of these fields is set',
  }),
  tag({
    name: 'atLeastOneOf',
    allowedOn: OBJECTS,
    order: 30,
    parse: words,
    apply: (node, fields, at) =>
      withRule(node, {
        rule: fields.map((field) => `has(self.${celField(field)})`).join(' || '),
        message: `at least one of ${fields.join(', ')} must be set`,
        at,
      }),
    help: 'at least one of these fields is set',
  }),
];
