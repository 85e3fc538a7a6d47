import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { stages, stagesFile } from './stages.ts';

describe('stages', () => {
  it('are what the file says, document by document', () => {
    const documents = parseAllDocuments(stagesFile()).map((document) => document.toJS());
    expect(documents).toEqual(JSON.parse(JSON.stringify(stages)));
  });

  it('have names of their own', () => {
    const names = stages.map(({ metadata }) => metadata.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(stages.map((stage) => [stage.metadata.name, stage] as const))(
    '%s closes every template block',
    (_name, stage) => {
      const template = 'statusTemplate' in stage.spec.next ? stage.spec.next.statusTemplate : '';
      const opened = template.match(/\{\{ (if|range|with) /g) ?? [];
      const closed = template.match(/\{\{ end \}\}/g) ?? [];
      expect(closed.length).toBe(opened.length);
    },
  );

  it('a stage that writes Ready=True never selects a node that is to be down', () => {
    const selectors = stages
      .filter(({ spec }) => spec.resourceRef.kind === 'Node' && 'statusTemplate' in spec.next)
      .filter(({ metadata }) => metadata.name !== 'node-down')
      .map(({ spec }) => JSON.stringify(spec.selector));
    expect(selectors.every((text) => text.includes('gpuoptimizer.io/fake-down'))).toBe(true);
  });
});
