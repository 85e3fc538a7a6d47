import { describe, expect, it } from 'vitest';
import type { Json, JsonSchema, ValidationRule } from '../schema.ts';
import { judgeRules } from './rules.ts';

const text: JsonSchema = { type: 'string', maxLength: 9 };
const properties: Readonly<Record<string, JsonSchema>> = {
  n: { type: 'integer' },
  s: text,
  namespace: text,
  'dash-ed': text,
  d: { type: 'number' },
  t: { type: 'string', format: 'date-time' },
  port: { 'x-kubernetes-int-or-string': true },
  list: { type: 'array', items: text },
  map: { type: 'object', additionalProperties: text },
  secret: { type: 'string', format: 'byte' },
};

function judge(rule: ValidationRule, value: Json, more: JsonSchema = {}): ReturnType<typeof judgeRules> {
  return judgeRules(value, { type: 'object', properties, 'x-kubernetes-validations': [rule], ...more }, 'spec');
}

describe('a rule holds or not', () => {
  const rows: readonly (readonly [string, Json, Json])[] = [
    ['self.n > 2', { n: 3 }, { n: 2 }],
    ['self.n / 2 == 1', { n: 3 }, { n: 4 }],
    ["self.__namespace__ == 'a'", { namespace: 'a' }, { namespace: 'b' }],
    ["self.dash__dash__ed == 'a'", { 'dash-ed': 'a' }, { 'dash-ed': 'b' }],
    ['self.d > 1.5', { d: 2 }, { d: 1 }],
    ["self.t > timestamp('2020-01-01T00:00:00Z')", { t: '2021-01-01T00:00:00Z' }, { t: '2019-01-01T00:00:00Z' }],
    ["type(self.port) == int ? self.port > 5 : self.port == 'http'", { port: 6 }, { port: 'ftp' }],
    ['self.list.all(x, self.list.exists_one(y, y == x))', { list: ['a', 'b'] }, { list: ['a', 'a'] }],
    ["self.map.all(k, k.matches('^[a-z]+$'))", { map: { a: 'A' } }, { map: { A: 'a' } }],
    ["self.map.all(k, self.map[k] != 'x')", { map: { constructor: 'y' } }, { map: { constructor: 'x' } }],
    ['has(self.n) || has(self.s)', { s: '' }, {}],
    ["self.s.matches('^[^a]$') && !self.s.matches('matches')", { s: '😀' }, { s: 'a' }],
    ["(self.s + '.matches(').matches('^[a-z.]+[(]$')", { s: 'a' }, { s: 'A' }],
    ['size(self.s) <= 2', { s: '😀😀' }, { s: '😀😀😀' }],
  ];

  it.each(rows)('%s', (rule, holds, breaks) => {
    expect(judge({ rule }, holds)).toEqual({ broken: [], unjudged: [] });
    expect(judge({ rule }, breaks)).toEqual({
      broken: [{ path: 'spec', message: `spec: Invalid value: failed rule: ${rule}` }],
      unjudged: [],
    });
  });
});

describe('a broken rule says', () => {
  const rows: readonly (readonly [string, Partial<ValidationRule>, string])[] = [
    ['its message', { message: 'no' }, 'spec: Invalid value: no'],
    ['what its expression makes', { messageExpression: "'n is ' + string(self.n)" }, 'spec: Invalid value: n is 1'],
    [
      'its message when the expression fails',
      { message: 'no', messageExpression: 'self.s' },
      'spec: Invalid value: no',
    ],
    ['the field it means', { message: 'no', fieldPath: '.n' }, 'spec.n: Invalid value: no'],
    ['that something is missing', { message: 'no', reason: 'FieldValueRequired' }, 'spec: Required value: no'],
    ['that something is forbidden', { message: 'no', reason: 'FieldValueForbidden' }, 'spec: Forbidden: no'],
  ];

  it.each(rows)('%s', (_name, parts, message) => {
    expect(judge({ rule: 'self.n > 2', ...parts }, { n: 1 }).broken.map((one) => one.message)).toEqual([message]);
  });

  it('which value is wrong, and where', () => {
    const items: JsonSchema = { ...text, 'x-kubernetes-validations': [{ rule: "self != 'x'", message: 'no x' }] };
    const schema: JsonSchema = { type: 'object', properties: { list: { type: 'array', items } } };
    expect(judgeRules({ list: ['a', 'x'] }, schema).broken).toEqual([
      { path: 'list[1]', message: 'list[1]: Invalid value: "x": no x' },
    ]);
  });

  it('that it could not be evaluated', () => {
    expect(judge({ rule: "self.s == 'a'", message: 'no' }, {}).broken.map((one) => one.message)).toEqual([
      'spec: Invalid value: No such key: s evaluating rule: no',
    ]);
  });
});

it.each([
  ['self == oldSelf', 'it compares with the object before'],
  ["quantity(self.s).isGreaterThan(quantity('1'))", 'it calls isGreaterThan, quantity'],
  ["self.s.lowerAscii() == 'ä'", 'it calls lowerAscii'],
])('%s is left to the cluster, since %s', (rule, why) => {
  const { broken, unjudged } = judge({ rule }, { s: '1' });
  expect(broken).toEqual([]);
  expect(unjudged.map((one) => ({ ...one, why: one.why.split(' ').sort() }))).toEqual([
    { path: 'spec', rule, why: why.split(' ').sort() },
  ]);
});

it('asks nothing of what is null', () => {
  expect(judge({ rule: 'false' }, null)).toEqual({ broken: [], unjudged: [] });
});
