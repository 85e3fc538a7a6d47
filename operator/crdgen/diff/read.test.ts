import { expect, it } from 'vitest';
import { readCrds } from './read.ts';

const crd = (plural: string) =>
  JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec: { group: 'example.com', names: { plural }, versions: [] },
  });

it('reads documents and lists, and passes over what is not a definition', () => {
  const list = `{"kind": "List", "items": [${crd('as')}, {"kind": "Pod"}]}`;
  const text = `# a comment\n---\n${list}\n---\n${crd('bs')}\n---\nresources: [a.yaml]\n`;
  expect(readCrds(text, 'a.yaml').map(({ metadata }) => metadata.name)).toEqual(['as.example.com', 'bs.example.com']);
});

it.each([
  ['a: [', 'a.yaml: not YAML: '],
  [
    'kind: CustomResourceDefinition\nspec: {group: a}',
    'a.yaml: a CustomResourceDefinition without spec.group, spec.names',
  ],
])('refuses %j', (text, says) => {
  expect(() => readCrds(text, 'a.yaml')).toThrow(says);
});
