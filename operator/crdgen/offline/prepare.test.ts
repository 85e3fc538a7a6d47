import { expect, it } from 'vitest';
import type { Json, JsonSchema } from '../schema.ts';
import { prepare } from './prepare.ts';

const number: JsonSchema = { type: 'integer' };
const limits: JsonSchema = { type: 'object', default: {}, properties: { n: { ...number, default: 3 } } };
const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({ type: 'object', properties });

const rows: readonly (readonly [string, JsonSchema, Json, Json])[] = [
  ['fills in a default', object({ n: { ...number, default: 3 } }), {}, { n: 3 }],
  ['keeps what is there', object({ n: { ...number, default: 3 } }), { n: 0 }, { n: 0 }],
  ['fills what it filled in', object({ limits }), {}, { limits: { n: 3 } }],
  ['does not fill what is not there', object({ limits: { ...limits, default: undefined } as JsonSchema }), {}, {}],
  ['drops a null without a default', object({ n: number }), { n: null }, {}],
  ['puts the default for a null', object({ n: { ...number, default: 3 } }), { n: null }, { n: 3 }],
  ['keeps a null that may be', object({ n: { ...number, nullable: true, default: 3 } }), { n: null }, { n: null }],
  ['keeps a null in a list', { type: 'array', items: number }, [1, null], [1, null]],
  ['goes through lists', { type: 'array', items: object({ limits }) }, [{}], [{ limits: { n: 3 } }]],
  [
    'goes through maps',
    { type: 'object', additionalProperties: limits },
    { a: {}, b: null },
    { a: { n: 3 }, b: { n: 3 } },
  ],
  ['leaves unknown fields', object({}), { x: null }, { x: null }],
  ['leaves names that every object has', object({ n: number }), { toString: null }, { toString: null }],
];

it.each(rows)('%s', (_name, schema, value, prepared) => {
  const before = structuredClone(value);
  expect(prepare(value, schema)).toEqual(prepared);
  expect(prepare(prepared, schema)).toEqual(prepared);
  expect(value).toEqual(before);
});
