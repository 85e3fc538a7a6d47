import { join } from 'node:path';
import type { Crd } from '../crd.ts';
import { toCrd } from '../emit/crd.ts';
import { compile } from '../generate.ts';
import { testdata } from './fixture.ts';

/** The definition of a kind with every tag and every hard case; no kind of the project has them all. */
export function specimenCrd(): Crd {
  const files = [join(testdata, 'specimen.ts')];
  const [root] = compile({ root: testdata, group: 'fixtures.example.com', versions: [{ version: 'v1', files }] });
  if (!root) throw new Error('the specimen has no root');
  return toCrd([root]);
}
