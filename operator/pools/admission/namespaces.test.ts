import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Tenant } from '../../api/index.ts';
import type { Namespace } from '../../kube/index.ts';
import { managedNamespace, namespaceGuard } from './namespaces.ts';

type Labels = Readonly<Record<string, string>>;

interface Row {
  readonly name: string;
  readonly user?: 'tenant' | 'admin';
  readonly namespace: string;
  readonly before?: Labels;
  readonly labels: Labels;
  readonly becomes?: Labels;
  readonly refused?: string;
}

const table: { readonly rows: readonly Row[] } = parse(
  readFileSync(join(import.meta.dirname, 'namespaces.yaml'), 'utf8'),
);
const tenant = (name: string, namespaces: string[], metadata: object = {}): Tenant => ({
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'Tenant',
  metadata: { name, ...metadata },
  spec: { selector: { namespaces } },
});
const tenants = [
  tenant('a', ['mine']),
  tenant('b', ['team-*']),
  tenant('gone', ['other'], { deletionTimestamp: '2026-03-01T12:00:00Z' }),
];
const namespaceOf = (name: string, labels: Labels): Namespace => ({ metadata: { name, labels } });

describe('the functions behind the webhooks of namespaces', () => {
  it('are tried with enough rows', () => {
    expect(table.rows.length).toBeGreaterThanOrEqual(15);
  });

  it.each(table.rows)('agree about $name', ({ becomes, before, labels, namespace, refused, user }) => {
    const sent = namespaceOf(namespace, labels);
    const object = before === undefined ? managedNamespace(sent, tenants) : sent;
    const oldObject = before && namespaceOf(namespace, before);
    const problem = user === 'admin' ? undefined : namespaceGuard({ object, oldObject });
    if (refused !== undefined) return expect(problem).toContain(refused);
    expect(problem).toBeUndefined();
    expect(object.metadata.labels).toEqual(becomes ?? labels);
  });
});
