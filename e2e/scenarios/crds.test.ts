import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleTables } from '../../operator/crdgen/samples/index.ts';
import { specimens } from '../../operator/crdgen/samples/specimen.ts';
import { specimenCrd } from '../../operator/crdgen/samples/specimen-crd.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';

const root = join(import.meta.dirname, '../..');
const LEAST_KINDS = 8;

let cluster: Cluster | undefined;

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  await kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'crds')]);
  await kubectl(['apply', '--server-side', '--filename=-'], specimenCrd());
  const names = [...(await definitions()).map(({ name }) => name), specimenCrd().metadata.name];
  await kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...names.map((name) => `crd/${name}`)]);
});

afterAll(async () => {
  await cluster?.release();
});

describe('the definitions in a real API server', () => {
  it('are all established and structural', async () => {
    const found = await definitions();
    expect(found.length).toBeGreaterThanOrEqual(LEAST_KINDS);
    expect(found.filter(({ established, nonStructural }) => !established || nonStructural)).toEqual([]);
  });

  it('explain themselves', async () => {
    const text = await kubectl(['explain', 'gpupool.spec.sharing.type']);
    expect(text).toContain('Exclusive, TimeSlicing, MPS, MIG');
  });

  it('are listed together', async () => {
    const kinds = await kubectl(['api-resources', '--categories=gpuopt', '--no-headers', '--output=name']);
    expect(kinds.trim().split('\n').sort()).toEqual((await definitions()).map(({ name }) => name).sort());
  });
});

describe.each([...sampleTables, specimens])('$kind in a real API server', ({ valid, invalid, updates }) => {
  it.each(valid)('takes $name and prunes nothing', async ({ object }) => {
    const stored = await kubectl(['create', '--dry-run=server', '--output=json', '--filename=-'], object);
    expect(JSON.parse(stored)).toMatchObject(withoutNulls(object));
  });

  it.each(invalid)('refuses $name', async ({ object, says }) => {
    expect(await refusal(['create', '--dry-run=server', '--filename=-'], object)).toContain(says);
  });

  it.each(updates)('judges $name by what was there', async ({ from, to, says }) => {
    await kubectl(['create', '--filename=-'], from);
    try {
      const change = ['replace', '--dry-run=server', '--filename=-'];
      if (says === undefined) await kubectl(change, to);
      else expect(await refusal(change, to)).toContain(says);
    } finally {
      await kubectl(['delete', '--wait=false', '--filename=-'], from);
    }
  });
});

/** The API server keeps a null only where the type has one; it is left out of what is compared. */
function withoutNulls(object: object): object {
  return JSON.parse(JSON.stringify(object, (_key, value: unknown) => (value === null ? undefined : value)));
}

interface Definition {
  readonly name: string;
  readonly established: boolean;
  readonly nonStructural: boolean;
}

async function definitions(): Promise<readonly Definition[]> {
  const list = JSON.parse(await kubectl(['get', '--output=json', '-k', join(root, 'crds')])) as CrdList;
  return list.items.map(({ metadata, status }) => {
    const isTrue = (type: string) =>
      (status?.conditions ?? []).some((one) => one.type === type && one.status === 'True');
    return { name: metadata.name, established: isTrue('Established'), nonStructural: isTrue('NonStructuralSchema') };
  });
}

interface CrdList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

async function kubectl(args: readonly string[], object?: unknown): Promise<string> {
  return await running().kubectl(args, object === undefined ? {} : { input: JSON.stringify(object) });
}

/** What the API server says no with; an accepted object is an error here. */
async function refusal(args: readonly string[], object: unknown): Promise<string> {
  const result = await running().tryKubectl(args, { input: JSON.stringify(object) });
  expect(result.code, result.stdout).not.toBe(0);
  return result.stderr;
}

function running(): Cluster {
  if (!cluster) throw new Error('the cluster did not start');
  return cluster;
}
