import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { validateOffline } from '../index.ts';
import { FORMATS } from '../offline/formats.ts';
import { sampleTables } from './index.ts';
import type { SampleObject } from './table.ts';

const root = join(import.meta.dirname, '../../..');
const schemas = join(root, 'crds/schemas');
const samples = join(root, 'config/samples');

const compiled = new Map<string, ValidateFunction>();

/** Finds the schema as kubeconform does: by group, kind in lower case, and version. */
function schemaOf({ apiVersion, kind }: SampleObject): ValidateFunction {
  const [group = '', version = ''] = apiVersion.split('/');
  const path = join(schemas, group, `${kind.toLowerCase()}_${version}.json`);
  const known = compiled.get(path);
  if (known) return known;
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  for (const [name, validate] of Object.entries(FORMATS)) ajv.addFormat(name, { type: 'string', validate });
  const made = ajv.compile(JSON.parse(readFileSync(path, 'utf8')));
  compiled.set(path, made);
  return made;
}

/** JSON Schema has no word for rules, nor for keys of lists; a set it knows. */
function isBeyond({ rule, message }: { readonly rule: string; readonly message: string }): boolean {
  return rule === 'x-kubernetes-validations' || message.includes('Duplicate value: {');
}

describe.each(sampleTables)('the JSON Schema of $kind', ({ valid, invalid }) => {
  it.each(valid)('takes $name', ({ object }) => {
    const validate = schemaOf(object);
    validate(object);
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each(invalid)('refuses $name, unless it takes Kubernetes to see why', ({ object }) => {
    const beyond = validateOffline(object).every(isBeyond);
    expect(schemaOf(object)(object)).toBe(beyond);
  });
});

it('takes every sample', () => {
  const objects = readdirSync(samples, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) =>
      parseAllDocuments(readFileSync(join(samples, name), 'utf8')).map((one) => one.toJS() as SampleObject),
    )
    .filter((object) => object.apiVersion?.startsWith('gpuoptimizer.io/'));
  expect(objects.length).toBeGreaterThanOrEqual(8);
  expect(objects.filter((object) => !schemaOf(object)(object))).toEqual([]);
});
