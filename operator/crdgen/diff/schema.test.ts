import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '../schema.ts';
import { schemaRules } from './rules.ts';
import { compareSchemas } from './schema.ts';

interface Row {
  readonly rule: string;
  readonly from: JsonSchema;
  readonly to: JsonSchema;
  /** What the change says, and what its reverse says; `!` before an unsafe one. */
  readonly says: readonly string[];
  readonly back: readonly string[];
}

const string: JsonSchema = { type: 'string' };
const map: JsonSchema = { type: 'object', additionalProperties: string };
const rule = { rule: 'self > 1', message: 'more' };

const rows: readonly Row[] = [
  {
    rule: 'type',
    from: string,
    to: { type: 'integer' },
    says: ['! type was string and is integer'],
    back: ['! type was integer and is string'],
  },
  {
    rule: 'type',
    from: { type: 'object' },
    to: map,
    says: ['! type was object and is map'],
    back: ['! type was map and is object'],
  },
  {
    rule: 'type',
    from: { 'x-kubernetes-int-or-string': true },
    to: string,
    says: ['! type was integer or string and is string'],
    back: ['! type was string and is integer or string'],
  },
  { rule: 'format', from: {}, to: { format: 'uri' }, says: ['! format uri is new'], back: ['format uri is gone'] },
  {
    rule: 'format',
    from: { format: 'int32' },
    to: { format: 'int64' },
    says: ['format was int32 and is int64'],
    back: ['! format was int64 and is int32'],
  },
  {
    rule: 'required',
    from: { required: ['a'] },
    to: { required: ['a', 'b'] },
    says: ['! b is required now'],
    back: ['b is not required any more'],
  },
  {
    rule: 'enum',
    from: { enum: ['A'] },
    to: { enum: ['A', 'B'] },
    says: ['B is allowed now'],
    back: ['! B is not allowed any more'],
  },
  {
    rule: 'enum',
    from: {},
    to: { enum: ['A'] },
    says: ['! only A are allowed now'],
    back: ['any value is allowed now'],
  },
  {
    rule: 'default',
    from: {},
    to: { default: 1 },
    says: ['! the default 1 is new'],
    back: ['! the default 1 is gone'],
  },
  {
    rule: 'default',
    from: { default: 1 },
    to: { default: 2 },
    says: ['! the default was 1 and is 2'],
    back: ['! the default was 2 and is 1'],
  },
  ...(['minimum', 'minLength', 'minItems', 'minProperties'] as const).flatMap((keyword): Row[] => [
    {
      rule: keyword,
      from: { [keyword]: 1 },
      to: { [keyword]: 2 },
      says: [`! ${keyword} was 1 and is 2`],
      back: [`${keyword} was 2 and is 1`],
    },
    { rule: keyword, from: {}, to: { [keyword]: 1 }, says: [`! ${keyword} 1 is new`], back: [`${keyword} 1 is gone`] },
  ]),
  ...(['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const).flatMap((keyword): Row[] => [
    {
      rule: keyword,
      from: { [keyword]: 1 },
      to: { [keyword]: 2 },
      says: [`${keyword} was 1 and is 2`],
      back: [`! ${keyword} was 2 and is 1`],
    },
    { rule: keyword, from: {}, to: { [keyword]: 1 }, says: [`! ${keyword} 1 is new`], back: [`${keyword} 1 is gone`] },
  ]),
  {
    rule: 'minimum',
    from: { minimum: 0 },
    to: { minimum: 0, exclusiveMinimum: true },
    says: ['! minimum does not belong to the range any more'],
    back: ['minimum now belongs to the range'],
  },
  {
    rule: 'multipleOf',
    from: { multipleOf: 2 },
    to: { multipleOf: 4 },
    says: ['! multipleOf was 2 and is 4'],
    back: ['multipleOf was 4 and is 2'],
  },
  { rule: 'pattern', from: {}, to: { pattern: '^a' }, says: ['! pattern ^a is new'], back: ['pattern ^a is gone'] },
  {
    rule: 'pattern',
    from: { pattern: '^a' },
    to: { pattern: '^b' },
    says: ['! pattern was ^a and is ^b'],
    back: ['! pattern was ^b and is ^a'],
  },
  {
    rule: 'nullable',
    from: {},
    to: { nullable: true },
    says: ['null is allowed now'],
    back: ['! null is not allowed any more'],
  },
  {
    rule: 'unknownFields',
    from: {},
    to: { 'x-kubernetes-preserve-unknown-fields': true },
    says: ['unknown content is allowed now'],
    back: ['! unknown content is not allowed any more'],
  },
  {
    rule: 'merge',
    from: { 'x-kubernetes-list-type': 'atomic' },
    to: { 'x-kubernetes-list-type': 'set' },
    says: ['! x-kubernetes-list-type was atomic and is set'],
    back: ['! x-kubernetes-list-type was set and is atomic'],
  },
  {
    rule: 'rules',
    from: {},
    to: { 'x-kubernetes-validations': [rule] },
    says: ['! the rule self > 1 is new'],
    back: ['the rule self > 1 is gone'],
  },
  {
    rule: 'other',
    from: {},
    to: { anyOf: [string] },
    says: ['! anyOf [{"type":"string"}] is new'],
    back: ['! anyOf [{"type":"string"}] is gone'],
  },
];

function told(from: JsonSchema, to: JsonSchema): readonly string[] {
  return compareSchemas(from, to).map(({ safe, message }) => (safe ? message : `! ${message}`));
}

describe('a changed constraint', () => {
  it.each(rows)('$rule: $says', ({ rule: name, from, to, says, back }) => {
    expect(told(from, to)).toEqual(says);
    expect(told(to, from)).toEqual(back);
    expect(compareSchemas(from, to).map((finding) => finding.rule)).toEqual([name]);
    expect(compareSchemas(to, to)).toEqual([]);
  });

  it('has a row for each rule', () => {
    expect(Object.keys(schemaRules).filter((name) => !rows.some((row) => row.rule === name))).toEqual([]);
  });
});

it('does not mind prose, the order of keys and the message of a rule', () => {
  const before: JsonSchema = {
    description: 'a',
    title: 'a',
    default: { a: 1, b: 2 },
    'x-kubernetes-validations': [rule],
  };
  const after: JsonSchema = { default: { b: 2, a: 1 }, 'x-kubernetes-validations': [{ ...rule, message: 'better' }] };
  expect(compareSchemas(before, after)).toEqual([]);
});

it('names the place, and a field that came or went once for all that is in it', () => {
  const limits = (most: number): JsonSchema => ({
    type: 'array',
    items: { type: 'object', properties: { n: { maximum: most } } },
  });
  const before: JsonSchema = { properties: { list: limits(2), old: { properties: { inner: string } } } };
  const after: JsonSchema = { properties: { list: limits(1), map: { ...map, required: ['x'] } } };
  expect(compareSchemas(before, after).map(({ path, rule: name, safe }) => [path, name, safe])).toEqual([
    ['list[].n', 'maximum', false],
    ['map', 'field', true],
    ['old', 'field', false],
  ]);
  const values = (schema: JsonSchema): JsonSchema => ({
    properties: { map: { ...map, additionalProperties: schema } },
  });
  expect(compareSchemas(values(string), values({ ...string, maxLength: 1 }))).toMatchObject([{ path: 'map{}' }]);
});
