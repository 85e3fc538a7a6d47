import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import schemas from '../generated/schemas.json' with { type: 'json' };
import { validateOffline } from '../index.ts';

interface Sample {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const folder = join(import.meta.dirname, '../../../config/samples');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));
const all = files
  .filter((name) => name !== 'kustomization.yaml')
  .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((one) => one.toJS() as Sample));
const ours = all.filter((object) => object.apiVersion.startsWith('gpuoptimizer.io/'));

function named(kind: string): readonly string[] {
  return all.filter((object) => object.kind === kind).map((object) => object.metadata.name);
}

function specs<Spec>(kind: string): readonly Spec[] {
  return ours.filter((object) => object.kind === kind).map((object) => object.spec as Spec);
}

describe('config/samples', () => {
  it.each(ours.map((object) => ({ at: `${object.kind}/${object.metadata.name}`, object })))(
    '$at is valid',
    ({ object }) => {
      expect(validateOffline(object)).toEqual([]);
    },
  );

  it('shows every kind', () => {
    const kinds = Object.keys(schemas).map((key) => key.split('/').at(-1));
    expect([...new Set(ours.map((object) => object.kind))].sort()).toEqual(kinds.sort());
  });

  it('applies every file but those that only the operator writes, or that need the GPU Operator', () => {
    const kustomization = parseYaml(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as {
      resources: string[];
    };
    const wanted = files.filter(
      (name) => name !== 'kustomization.yaml' && !/^(written-by|with-gpu)-operator/.test(name),
    );
    expect(kustomization.resources).toEqual(wanted.sort());
  });

  it('refers only to what it brings', () => {
    const books = specs<{ book: string }>('PriceBook').map((spec) => spec.book);
    for (const tenant of specs<TenantLike>('Tenant')) {
      expect(named('GPUPool')).toEqual(expect.arrayContaining(tenant.quotas.map((quota) => quota.pool)));
      expect(named('BillingProvider')).toContain(tenant.billing.providerRef.name);
      if (tenant.billing.book !== undefined) expect(books).toContain(tenant.billing.book);
      if (tenant.planRef !== undefined) expect(named('BillingPlan')).toContain(tenant.planRef.name);
    }
    for (const plan of specs<{ book: string }>('BillingPlan')) expect(books).toContain(plan.book);
    for (const { tenantRef } of specs<{ tenantRef: { name: string } }>('Budget')) {
      expect(named('Tenant')).toContain(tenantRef.name);
    }
    const namespaces = ours.map((object) => object.metadata.namespace).filter((name) => name !== undefined);
    expect(named('Namespace')).toEqual(expect.arrayContaining(namespaces));
  });

  it('prices every model that a pool selects', () => {
    const priced = specs<BookLike>('PriceBook').flatMap((book) => book.skus.map((sku) => sku.match.model));
    const selected = specs<PoolLike>('GPUPool').map(
      (pool) => pool.nodes.selector.matchLabels['nvidia.com/gpu.product'],
    );
    expect(priced).toEqual(expect.arrayContaining(selected));
  });
});

interface TenantLike {
  readonly quotas: readonly { readonly pool: string }[];
  readonly planRef?: { readonly name: string };
  readonly billing: { readonly providerRef: { readonly name: string }; readonly book?: string };
}

interface BookLike {
  readonly skus: readonly { readonly match: { readonly model: string } }[];
}

interface PoolLike {
  readonly nodes: { readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } };
}
