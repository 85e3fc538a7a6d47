import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toCrd } from './emit/crd.ts';
import { toJsonSchema } from './emit/json-schema.ts';
import { toSchema } from './emit/schema.ts';
import { toYaml } from './emit/yaml.ts';
import { ApiTypeError } from './errors.ts';
import { compile } from './generate.ts';
import type { Root } from './model.ts';

const testdata = join(import.meta.dirname, 'testdata');
/** Rows of "Hard cases" and of the tag tables; a case that vanishes is noticed. */
const LEAST_CASES = 60;

/** What a fixture is compared with, and how that is made: the schema of its spec, its definition, its JSON Schema, or its error. */
const EXPECTED = {
  'out.yaml': specOf,
  'crd.yaml': crdOf,
  'schema.json': (name: string) => toJsonSchema(compileCase(name)[0]),
  'error.txt': errorOf,
};
const files = Object.keys(EXPECTED) as (keyof typeof EXPECTED)[];

const cases = readdirSync(testdata, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ name, expected: files.filter((file) => existsSync(join(testdata, name, file))) }));

describe('fixtures', () => {
  it(`are at least ${LEAST_CASES}, each with one expectation`, () => {
    expect(cases.length).toBeGreaterThanOrEqual(LEAST_CASES);
    expect(cases.filter(({ expected }) => expected.length !== 1)).toEqual([]);
  });

  it.each(cases)('$name', async ({ name, expected: [file = 'out.yaml'] }) => {
    await expect(EXPECTED[file](name)).toMatchFileSnapshot(join(testdata, name, file));
  });
});

function compileCase(name: string): readonly [Root, ...Root[]] {
  const root = join(testdata, name);
  const versions = existsSync(join(root, 'in.ts'))
    ? [{ version: 'v1', files: [join(root, 'in.ts')] }]
    : folders(root).map((version) => ({ version, files: [join(root, version, 'in.ts')] }));
  const [first, ...rest] = compile({ root, group: 'fixtures.example.com', versions });
  if (!first) throw new Error(`${name} has no root`);
  return [first, ...rest];
}

function folders(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function crdOf(name: string): string {
  return toYaml(toCrd(compileCase(name)));
}

function specOf(name: string): string {
  return toYaml(toSchema(compileCase(name)[0].object).properties?.spec);
}

function errorOf(name: string): string {
  try {
    compileCase(name);
  } catch (error) {
    if (error instanceof ApiTypeError) return `${error.message}\n`;
    throw error;
  }
  throw new Error(`${name} was expected to be refused`);
}
