import type { Json } from '../schema.ts';
import { changed, repeated, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'fixtures.example.com/v1',
  kind: 'Specimen',
  metadata: { name: 'sample-specimen', namespace: 'default' },
  spec: { min: 1, max: 2 },
};

function withField(name: string, value: Json): SampleObject {
  return changed(base, { [`spec.${name}`]: value });
}

/** Values of one field that are taken. */
const fine: Readonly<Record<string, readonly Json[]>> = {
  size: [0, 10, null],
  even: [2, 8],
  big: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1.0],
  mode: ['Manual', null],
  code: ['A*/z', 'Äb'],
  time: ['2024-02-29T23:59:59Z', '2024-02-29t00:00:00.5+02:00'],
  day: ['2024-02-29'],
  range: ['10.0.0.0/8', '::/0'],
  maybe: [null, 'a'],
  memory: ['1Gi', 5, '-0.5', '1e3'],
  port: [80, 'http'],
  tags: [['a', 'b'], ['äöüßé']],
  order: [['a', 'a'], []],
  labels: [{ a: 'b' }],
  limits: [{}, { count: 4 }, null],
  source: [
    { type: 'None' },
    { type: 'HTTP', http: { name: 'a' } },
    { type: 'Disk' },
    { type: 'Disk', disk: { name: 'a' } },
  ],
  choice: [{ left: 'a' }, { right: 'a' }],
  zone: ['a', null],
  frozen: ['new'],
  'dash-ed': ['a'],
  template: [{ spec: { containers: [{ name: 'a' }], anything: [1, { b: null }] } }],
  object: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, any: true }],
  free: [{ a: [1, { b: 2 }] }],
  ports: [[{ number: 1 }, { number: 1, protocol: 'UDP' }, { number: 2 }]],
};

const long = 'x'.repeat(64);

/** Values of one field that are refused, and what is said. */
const wrong: readonly (readonly [string, Json, string])[] = [
  ['size', 11, 'spec.size in body should be less than or equal to 10'],
  ['size', -1, 'spec.size in body should be greater than or equal to 0'],
  ['size', '1', 'spec.size in body must be of type integer: "string"'],
  ['size', 1.5, 'spec.size in body must be of type int32: "float64"'],
  ['min', null, 'spec.min: Required value'],
  ['even', 0, 'spec.even in body should be greater than 0'],
  ['even', 10, 'spec.even in body should be less than 10'],
  ['even', 3, 'spec.even in body should be a multiple of 2'],
  ['big', 2 ** 60, 'spec.big in body should be less than or equal to 9007199254740991'],
  ['mode', 'Magic', 'spec.mode: Unsupported value: "Magic": supported values: "Auto", "Manual"'],
  ['code', 'A', 'spec.code in body should be at least 2 chars long'],
  ['code', 'Abcde', 'spec.code: Too long: may not be more than 4 bytes'],
  ['code', 'ab', "spec.code in body should match '^\\p{Lu}[a-z*/]*$'"],
  ['time', '2024-02-29 23:59:59Z', 'spec.time in body must be of type date-time: "2024-02-29 23:59:59Z"'],
  ['time', '2023-02-29T00:00:00Z', 'spec.time in body must be of type date-time'],
  ['day', '2023-02-29', 'spec.day in body must be of type date: "2023-02-29"'],
  ['range', '10.0.0.0/33', 'spec.range in body must be of type cidr: "10.0.0.0/33"'],
  ['maybe', 5, 'spec.maybe in body must be of type string: "integer"'],
  ['memory', '1 Gi', "spec.memory in body should match '^(\\+|-)?"],
  ['memory', true, 'spec.memory in body must be of type integer,string: "boolean"'],
  ['tags', [], 'spec.tags in body should have at least 1 items'],
  ['tags', ['a', 'b', 'c', 'd'], 'spec.tags: Too many: 4: must have at most 3 items'],
  ['tags', ['a', 'a'], 'spec.tags[1]: Duplicate value: "a"'],
  ['tags', ['abcdef'], 'spec.tags[0]: Too long: may not be more than 5 bytes'],
  ['tags', [null], 'spec.tags[0] in body must be of type string: "null"'],
  [
    'ports',
    [{ number: 1 }, { number: 1, protocol: 'TCP' }],
    'spec.ports[1]: Duplicate value: {"number":1,"protocol":"TCP"}',
  ],
  ['ports', repeated(4, (number) => ({ number })), 'spec.ports: Too many: 4: must have at most 3 items'],
  ['order', ['A'], 'spec.order[0] in body should match'],
  ['labels', {}, 'spec.labels in body should have at least 1 properties'],
  ['labels', { a: 'a', b: 'b', c: 'c' }, 'spec.labels: Too many: 3: must have at most 2 items'],
  ['labels', { A: 'a' }, 'spec.labels: Invalid value: keys must match ^[a-z]+$'],
  ['labels', { a: long }, 'spec.labels.a: Too long: may not be more than 63 bytes'],
  ['limits', { count: 'x' }, 'spec.limits.count in body must be of type integer: "string"'],
  ['limits', { other: 1 }, 'unknown field "spec.limits.other"'],
  ['source', {}, 'spec.source.type: Required value'],
  ['source', { type: 'FTP' }, 'spec.source.type: Unsupported value: "FTP": supported values: "None", "HTTP", "Disk"'],
  [
    'source',
    { type: 'HTTP' },
    'spec.source: Invalid value: http is required when type is HTTP, and forbidden otherwise',
  ],
  ['source', { type: 'None', http: { name: 'a' } }, 'http is required when type is HTTP, and forbidden otherwise'],
  [
    'source',
    { type: 'None', disk: { name: 'a' } },
    'spec.source: Invalid value: disk may be set only when type is Disk',
  ],
  ['choice', {}, 'spec.choice: Invalid value: exactly one of left, right must be set'],
  ['choice', { left: 'a', right: 'a' }, 'exactly one of left, right must be set'],
  ['zone', 'moon', 'spec.zone: Forbidden: zone moon is too far'],
  ['max', 0, 'spec: Invalid value: min must not be greater than max'],
  ['template', {}, 'spec.template.spec: Required value'],
  ['template', { spec: 'x' }, 'spec.template.spec in body must be of type object: "string"'],
  ['free', [], 'spec.free in body must be of type object: "array"'],
];

/** A kind with every tag and every hard case. */
export const specimens: SampleTable = {
  kind: 'Specimen',
  valid: [
    { name: 'only what is required', object: base },
    ...Object.entries(fine).flatMap(([name, values]) =>
      values.map((value) => ({ name: `${name} ${JSON.stringify(value)}`, object: withField(name, value) })),
    ),
  ],
  invalid: [
    {
      name: 'a name that is too long',
      object: changed(base, { 'metadata.name': 'n'.repeat(21) }),
      says: '<nil>: Invalid value: metadata.name must have at most 20 characters',
    },
    {
      name: 'two of which at most one may be',
      object: changed(base, { 'spec.namespace': 'a', 'spec.dash-ed': 'a' }),
      says: 'spec: Invalid value: at most one of namespace, dash-ed may be set',
    },
    ...wrong.map(([name, value, says]) => ({
      name: `${name} ${JSON.stringify(value).slice(0, 60)}`,
      object: withField(name, value),
      says,
    })),
  ],
  updates: [
    { name: 'zone', from: withField('zone', 'a'), to: withField('zone', 'b'), says: 'zone is immutable' },
    { name: 'a zone that appears', from: base, to: withField('zone', 'a'), says: 'zone is immutable' },
    { name: 'a zone that vanishes', from: withField('zone', 'a'), to: base, says: 'zone is immutable' },
    { name: 'frozen, later', from: withField('frozen', 'new'), to: withField('frozen', 'old') },
    {
      name: 'the name of a port',
      from: withField('ports', [{ number: 1, name: 'a' }, { number: 2 }]),
      to: withField('ports', [{ number: 2 }, { number: 1, name: 'b' }]),
      says: 'name is immutable',
    },
    {
      name: 'the order of ports',
      from: withField('ports', [{ number: 1, name: 'a' }, { number: 2 }]),
      to: withField('ports', [{ number: 2 }, { number: 1, name: 'a' }]),
    },
  ],
};
