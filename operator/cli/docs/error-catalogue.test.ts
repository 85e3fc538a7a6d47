import { Project } from 'ts-morph';
import { describe, expect, test } from 'vitest';
import { type CataloguedError, catalogueOf, ErrorUndescribed } from './error-catalogue.ts';

function read(text: string): readonly CataloguedError[] {
  const project = new Project({ useInMemoryFileSystem: true });
  return catalogueOf([project.createSourceFile('/x/operator/store/error.ts', text)]);
}

const room = 'store';
const one = { room, code: 'A', meaning: 'It broke.', remedy: 'mend it, or leave it' };
const doc = '/** The file. */\n\n/**\n * It broke.\n * @remedy mend it,\n *   or leave it\n */';
const two = [
  { room, code: 'A', meaning: 'it broke', remedy: 'mend it' },
  { room, code: 'B', meaning: 'it is gone', remedy: 'find it' },
];
const tags = '/** Two. @means A: it broke\n * @remedy A: mend it\n * @means B: it is gone\n * @remedy B: find it\n */';

describe('the catalogue', () => {
  const rows = [
    { name: 'a class with one code', text: `${doc}\nclass E extends Error { readonly code = 'A'; }`, want: [one] },
    { name: 'a base class', text: `${doc}\nclass E extends Error { readonly code: string = 'A'; }`, want: [one] },
    {
      name: 'a class with two codes',
      text: `${tags}\nclass E extends Error { readonly code: 'A' | 'B'; }`,
      want: two,
    },
    {
      name: 'a type with two codes',
      text: `type Code = 'A' | 'B';\n${tags}\nclass E extends Error { readonly code: Code; }`,
      want: two,
    },
    { name: 'a class with any code', text: `${tags}\nclass E extends Error { readonly code: string; }`, want: two },
    { name: 'no error', text: `class E { readonly code = 'A'; }\nclass F extends Error {}`, want: [] },
  ];
  test.each(rows)('$name', ({ text, want }) => {
    expect(read(text)).toEqual(want);
  });

  test.each([
    { name: 'no docstring', text: `class E extends Error { readonly code = 'A'; }` },
    { name: 'no remedy', text: `/** It broke. */\nclass E extends Error { readonly code = 'A'; }` },
    { name: 'no remedy of one', text: `${tags}\nclass E extends Error { readonly code: 'A' | 'C'; }` },
  ])('refuses $name, and names the class', ({ text }) => {
    expect(() => read(text)).toThrow(ErrorUndescribed);
    expect(() => read(text)).toThrow(/operator\/store\/error\.ts: E /);
  });
});
