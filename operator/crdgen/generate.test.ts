import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toCrd } from './emit/crd.ts';
import { toYaml } from './emit/yaml.ts';
import { compile, generate } from './generate.ts';
import { compare, format } from './outputs.ts';

const repository = join(import.meta.dirname, '../..');

describe('generated files', () => {
  it('are what the types say', () => {
    const outputs = format(generate(repository), repository);
    expect(outputs.size).toBeGreaterThanOrEqual(20);
    expect(compare(outputs, repository)).toEqual([]);
  });

  it('come out the same twice', () => {
    expect([...generate(repository)]).toEqual([...generate(repository)]);
  });

  it('do not depend on the order in which files are read', () => {
    const folder = join(repository, 'operator/api/v1alpha1');
    const files = ['tenant.ts', 'gpu-pool.ts', 'price-book.ts'].map((name) => join(folder, name));
    const crds = (order: readonly string[]) =>
      compile({ root: repository, group: 'example.com', versions: [{ version: 'v1', files: order }] })
        .map((root) => toYaml(toCrd([root])))
        .join('---\n');
    expect(crds(files.toReversed())).toBe(crds(files));
  });

  it('hold no carriage return, no tab and no time of day', () => {
    for (const [path, content] of generate(repository)) {
      expect(content, path).not.toMatch(/[\r\t]|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d/);
    }
  });
});
