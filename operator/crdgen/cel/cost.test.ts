import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '../schema.ts';
import { CelCostError } from './estimate.ts';
import { costOfRule } from './schema-cost.ts';
import { CelSyntaxError } from './syntax.ts';

const text: JsonSchema = { type: 'string', maxLength: 10 };
const entry: JsonSchema = {
  type: 'object',
  properties: { k: text, v: { type: 'integer' }, tags: { type: 'array', maxItems: 3, items: text } },
};
const schema: JsonSchema = {
  type: 'object',
  required: ['s'],
  properties: {
    s: text,
    free: { type: 'string' },
    n: { type: 'integer' },
    d: { type: 'number' },
    b: { type: 'boolean' },
    e: { type: 'string', enum: ['A', 'Beta'] },
    t: { type: 'string', format: 'date-time' },
    date: { type: 'string', format: 'date' },
    dur: { type: 'string', format: 'duration' },
    bytes: { type: 'string', format: 'byte', maxLength: 12 },
    ios: { 'x-kubernetes-int-or-string': true },
    list: { type: 'array', maxItems: 7, items: text },
    ints: { type: 'array', maxItems: 7, items: { type: 'integer' } },
    open: { type: 'array', items: text },
    objs: { type: 'array', maxItems: 5, items: entry },
    map: { type: 'object', maxProperties: 4, additionalProperties: text },
    nested: { type: 'object', properties: { s: text } },
    namespace: text,
  },
};

function costOf(rule: string, of = schema): number {
  return costOfRule({ rule }, of, 1).rule;
}

/** What k8s.io/apiextensions-apiserver v0.37.2 estimates for the same schema (pkg/apiserver/schema/cel, Compile). */
const measured: readonly (readonly [string, number])[] = [
  ['self.n > 5', 3],
  ['self.n == 5', 2],
  ["self.s == 'abc'", 3],
  ['self.s == self.free', 8],
  ["self.s != 'a very long string that is longer'", 6],
  ['has(self.s)', 1],
  ['has(self.nested.s)', 2],
  ['!has(self.s)', 2],
  ["has(self.s) && self.s.startsWith('a')", 4],
  ['has(self.s) || has(self.n) || has(self.d)', 3],
  ["self.s.startsWith('a')", 3],
  ['self.s.endsWith(self.free)', 314577],
  ["self.s.contains('TZ=')", 6],
  ['self.free.contains(self.s)', 1258296],
  ["self.s.matches('^[a-z]+$')", 12],
  ["self.free.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')", 2202013],
  ['size(self.s) < 5', 4],
  ['self.list.size() < 5', 4],
  ['size(self.map) > 0', 4],
  ["self.list.all(x, x.startsWith('a'))", 38],
  ["self.list.exists(x, x == 'a')", 45],
  ["self.list.exists_one(x, x == 'a')", 32],
  ["self.list.map(x, x + 'b').size() == 1", 141],
  ['self.objs.map(o, o.v > 1, o.k).size() == 1', 100],
  ["self.list.filter(x, x != 'a').size() == 1", 120],
  ["self.open.all(x, x.startsWith('a'))", 5242878],
  ["self.objs.all(o, o.v > 0 && o.k != '')", 43],
  ['self.objs.all(o, self.objs.exists(p, p.k == o.k))', 333],
  ["self.objs.all(o, o.tags.all(t, t.contains('x')))", 153],
  ["self.map.all(k, k.matches('^[a-z]+$'))", 27],
  ["self.map.all(k, self.map[k] == 'x')", 35],
  ["self.map.exists(k, k.startsWith('x'))", 27],
  ["'a' in self.map", 3],
  ['self.s in self.list', 11],
  ["self.s in ['a', 'b', 'c']", 15],
  ["self.list[0] == 'a'", 4],
  ['self.n in [1, 2]', 14],
  ['self.n + 1 > 5', 4],
  ["self.s + 'x' == 'ax'", 8],
  ["self.list + ['a'] == ['a']", 24],
  ['size(self.list + self.list) > 1', 7],
  ['(has(self.s) ? 1 : 0) + (has(self.n) ? 1 : 0) == 1', 4],
  ["self.e == 'A' ? has(self.s) : !has(self.s)", 5],
  ['self == oldSelf', 2],
  ['self.s == oldSelf.s', 8],
  ['self.list == oldSelf.list', 5],
  ['has(self.s) == has(oldSelf.s) && (!has(self.s) || self.s == oldSelf.s)', 13],
  ['self.nested == oldSelf.nested', 4],
  ['self.map == oldSelf.map', 5],
  ['self.t > oldSelf.t', 5],
  ['self.t == oldSelf.t', 8],
  ["self.t < timestamp('2020-01-01T00:00:00Z')", 4],
  ["self.t + duration('1h') > self.t", 7],
  ['self.d > 0.5', 3],
  ['-self.n < 3', 4],
  ['self.n > -1', 3],
  ['!(self.b)', 3],
  ["self.__namespace__ == 'x'", 3],
  ["type(self.ios) == int ? self.ios > 5 : self.ios == '5%'", 7],
  ["type(self.ios) == string && self.ios.matches('^[0-9]+$')", 629152],
  ['int(self.s) > 5', 4],
  ["string(self.n) == 'x'", 4],
  ['double(self.n) > 1.0', 4],
  ['self.s.lowerAscii() == self.s', 12],
  ["self.s.replace('a', 'bb') == 'x'", 11],
  ["self.s.replace('', 'bb') == 'x'", 11],
  ["self.s.replace('aaa', 'b').size() > 1", 12],
  ["self.s.split(',').size() == 2", 12],
  ["self.s.split(',').all(x, x.startsWith('a'))", 211],
  ["self.list.join(',') == 'a'", 32],
  ["self.s.find('[0-9]+') == '1'", 13],
  ["self.s.findAll('[0-9]+').size() == 1", 14],
  ["self.s.indexOf('a') == 1", 7],
  ['self.ints.sum() > 5', 10],
  ['self.ints.isSorted()', 9],
  ['self.list.isSorted()', 37],
  ["self.list.indexOf('a') == 0", 38],
  ['self.ints.max() > 5', 10],
  ["quantity(self.s).isGreaterThan(quantity('1Gi'))", 8],
  ['isQuantity(self.s)', 6],
  ['isURL(self.free)', 3],
  ["url(self.s).getHost() == 'x'", 8],
  ['ip(self.s).family() == 4', 8],
  ['isIP(self.s)', 6],
  ["cidr(self.s).containsIP('10.0.0.1')", 11],
  ["semver(self.s).isLessThan(semver('1.0.0'))", 8],
  ["self.s.trim() == 'x'", 7],
  ["self.s.substring(0, 2) == 'x'", 7],
  ["self.s.charAt(2) == 'x'", 4],
  ["self.s < 'b'", 3],
  ['self.s <= self.free', 8],
  ['true', 0],
  ['self.n % 2 == 0', 4],
  ['self.n * 2 - 1 / 3 > 0', 6],
  ['[1, 2, self.n].exists(x, x > 2)', 31],
  ["{'a': self.s}.size() == 1", 34],
  ["{'a': 'b'}[self.s] == 'b'", 34],
  ['self.t.getFullYear() > 2000', 4],
  ["self.objs[0].tags[0] == 'x'", 6],
  ["self.bytes == b'x'", 3],
  ['size(self.bytes) > 2', 4],
  ["self.dur > duration('1s')", 4],
  ['self.date == self.date', 6],
  ["self.s == (self.b ? 'yes' : 'no')", 5],
  ['dyn(self.n) == 5', 3],
  ['self.objs.map(o, o.k) == self.list', 86],
  ['self.ios == 5', 3],
  ['self.n == 1 || self.n == 2', 4],
  ['self.objs.exists(o, has(o.k))', 28],
  ["self.?s.orValue('x') == 'x'", 4],
  ['self.?n.hasValue()', 3],
  ["self.map.?a.orValue('b') == 'b'", 5],
  ["size(self.s + self.s + 'abc') < 10", 23],
  ['self.d == 1.0', 2],
  ['self.list.exists(x, self.list.exists(y, x == y))', 542],
  ['self.s.matches(self.free)', 3932164],
  ['self.nested.s.size() > 1', 5],
  ['self.objs.size() == self.objs.map(o, o.k).size()', 88],
];

/** Where the API server takes the entries of a computed list for empty, we do not. */
const lenient: readonly (readonly [string, number])[] = [
  ["self.objs.map(o, o.k).all(x, x.contains('ab'))", 104],
  ["self.list.filter(x, x != 'a').all(x, x.contains('ab'))", 147],
];

describe('the estimate', () => {
  it.each(measured)('of %s is that of the API server', (rule, cost) => {
    expect(costOf(rule)).toBe(cost);
  });

  it.each(lenient)('of %s is not below that of the API server', (rule, cost) => {
    expect(costOf(rule)).toBeGreaterThanOrEqual(cost);
  });

  it('grows with the places that hold the rule, except for the message', () => {
    const rule = { rule: 'self.n > 5', messageExpression: "'more than ' + self.s" };
    expect(costOfRule(rule, schema, 1)).toEqual({ rule: 3, message: 7 });
    expect(costOfRule(rule, schema, 64)).toEqual({ rule: 192, message: 7 });
  });

  it.each(['self.n < self.d', 'self.nested == null', 'dyn(self.n) == 1.0'])(
    'takes %s, as the API server does',
    (rule) => {
      expect(costOf(rule)).toBeGreaterThan(0);
    },
  );

  it('knows the metadata of a whole resource', () => {
    expect(costOfRule({ rule: 'size(self.metadata.name) <= 40' }, { type: 'object' }, 1, true).rule).toBe(5);
    expect(() => costOf('size(self.metadata.name) <= 40')).toThrow('metadata is no field here');
  });
});

describe('what it does not know it says', () => {
  it.each([
    ["self.s.frobnicate('x')", 'the function frobnicate is not known to the generator'],
    ['self.size > 1', 'size is no field here; known are s, free, n'],
    ['other.n > 1', 'other stands for nothing here'],
    ['self.list.all(i, x, true)', 'all with 3 arguments is not known'],
    ['has(self)', 'has() takes a field'],
    ['self.n == self.d', '== does not compare int with double'],
    ["self.n > 'a'", '> does not compare int with string'],
    ['self.n', 'self.n gives int instead of bool'],
  ])('%s', (rule, says) => {
    expect(() => costOf(rule)).toThrow(CelCostError);
    expect(() => costOf(rule)).toThrow(says);
  });

  it.each(['self.n >', 'self.s == "a', 'a b'])('%s is not CEL', (rule) => {
    expect(() => costOf(rule)).toThrow(CelSyntaxError);
  });
});
