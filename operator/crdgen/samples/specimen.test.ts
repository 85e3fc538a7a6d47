import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toOfflineSchema } from '../emit/offline.ts';
import { offlineJudge } from '../offline/validate.ts';
import type { JsonSchema } from '../schema.ts';
import { fieldTags, ROOT_TAG_HELP } from '../tags/index.ts';
import { specimens } from './specimen.ts';
import { specimenCrd } from './specimen-crd.ts';

const schema = specimenCrd().spec.versions[0]?.schema.openAPIV3Schema as JsonSchema;
const judge = offlineJudge(toOfflineSchema(schema));

describe('a kind with every tag, without a cluster,', () => {
  it.each(specimens.valid)('takes $name', ({ object }) => {
    expect(judge(object).findings).toEqual([]);
  });

  it.each(specimens.invalid)('refuses $name in the words of the API server', ({ object, says }) => {
    expect(judge(object).findings.map(({ message }) => message)).toEqual([expect.stringContaining(says)]);
  });

  it.each(specimens.updates)(
    'takes both sides of $name, since only the cluster knows what was there',
    ({ from, to }) => {
      expect([...judge(from).findings, ...judge(to).findings]).toEqual([]);
    },
  );
});

it('has every tag, but those that need a second version', () => {
  const source = readFileSync(join(import.meta.dirname, '../testdata/specimen.ts'), 'utf8');
  const versions = ['storage', 'unserved', 'deprecatedVersion', 'conversion'];
  const known = [...fieldTags.map(({ name }) => name), ...Object.keys(ROOT_TAG_HELP), 'internal', 'items.maxLength'];
  const missing = known.filter((name) => !new RegExp(`@${name}\\b`).test(source));
  expect(missing.filter((name) => !versions.includes(name))).toEqual([]);
});
