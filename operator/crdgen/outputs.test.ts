import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compare, write } from './outputs.ts';

const outputs = new Map([
  ['crds/a.yaml', 'a: 1\n'],
  ['docs/api/a.md', '# a\n'],
]);

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crdgen-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('names what is missing, changed and stale', () => {
  mkdirSync(join(folder, 'crds'));
  writeFileSync(join(folder, 'crds/a.yaml'), 'a: 2\n');
  writeFileSync(join(folder, 'crds/old.yaml'), 'old: 1\n');
  expect(compare(outputs, folder)).toEqual([
    { path: 'crds/a.yaml', kind: 'changed' },
    { path: 'crds/old.yaml', kind: 'stale' },
    { path: 'docs/api/a.md', kind: 'missing' },
  ]);
});

it('writes what differs, removes what is stale, and has nothing to do the second time', () => {
  mkdirSync(join(folder, 'crds'));
  writeFileSync(join(folder, 'crds/old.yaml'), 'old: 1\n');
  expect(write(outputs, folder)).toHaveLength(3);
  expect(readFileSync(join(folder, 'crds/a.yaml'), 'utf8')).toBe('a: 1\n');
  expect(write(outputs, folder)).toEqual([]);
});
