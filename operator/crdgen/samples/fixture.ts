import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../generate.ts';
import type { Root } from '../model.ts';

/** Where the fixtures lie. */
export const testdata = join(import.meta.dirname, '../testdata');

/** The versions of the one kind of a fixture: `in.ts` is v1, otherwise each folder is a version. Throws ApiTypeError. */
export function compileFixture(name: string): readonly [Root, ...Root[]] {
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
