import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

import { generatedFiles } from './files.ts';
import { fleet } from './fleet.ts';
import { ruleFile } from './rules.ts';

describe('generated files', () => {
  for (const [path, content] of generatedFiles()) {
    it(`${basename(path)} is what its source says; else run node dashboards/generate.ts`, async () => {
      expect(await readFile(path, 'utf8')).toBe(content);
    });
  }
});

describe('the fleet dashboard', () => {
  const panels = fleet.rows.flatMap((row) => row.panels);

  it('says in words what each panel shows', () => {
    expect(panels.filter(({ description }) => description.length < 15)).toEqual([]);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  it('fills each row and overflows none', () => {
    for (const row of fleet.rows) expect(row.panels.reduce((sum, { width }) => sum + width, 0)).toBe(24);
  });
});

describe('alerts', () => {
  it('say what is wrong and what to look at', () => {
    const alerts = ruleFile.groups.flatMap(({ rules }) => rules).filter((rule) => 'alert' in rule);
    expect(alerts.length).toBeGreaterThan(0);
    for (const { annotations } of alerts) {
      expect(annotations.summary.length).toBeGreaterThan(10);
      expect(annotations.description.length).toBeGreaterThan(40);
    }
  });
});
