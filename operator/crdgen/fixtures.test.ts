import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toCrd } from './emit/crd.ts';
import { toJsonSchema } from './emit/json-schema.ts';
import { toSchema } from './emit/schema.ts';
import { toYaml } from './emit/yaml.ts';
import { ApiTypeError } from './errors.ts';
import { compileFixture, testdata } from './samples/fixture.ts';

/** Rows of "Hard cases" and of the tag tables; a case that vanishes is noticed. */
const LEAST_CASES = 120;

/** What a fixture is compared with, and how that is made: the schema of its spec or status, its definition, its JSON Schema, or its error. */
const EXPECTED = {
  'out.yaml': specOf,
  'status.yaml': (name: string) => toYaml(toSchema(compileFixture(name)[0].object).properties?.status),
  'crd.yaml': crdOf,
  'schema.json': (name: string) => toJsonSchema(compileFixture(name)[0]),
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

function crdOf(name: string): string {
  return toYaml(toCrd(compileFixture(name)));
}

function specOf(name: string): string {
  return toYaml(toSchema(compileFixture(name)[0].object).properties?.spec);
}

function errorOf(name: string): string {
  try {
    compileFixture(name);
  } catch (error) {
    if (error instanceof ApiTypeError) return `${error.message}\n`;
    throw error;
  }
  throw new Error(`${name} was expected to be refused`);
}
