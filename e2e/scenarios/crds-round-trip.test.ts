/** Every sample, applied and read back, is what was written plus defaults: nothing is pruned and nothing is made up. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import schemas from '../../operator/crdgen/generated/schemas.json' with { type: 'json' };
import { prepare } from '../../operator/crdgen/offline/prepare.ts';
import type { SampleObject } from '../../operator/crdgen/samples/table.ts';
import type { Json, JsonSchema } from '../../operator/crdgen/schema.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'config/samples');
const known: Readonly<Record<string, JsonSchema>> = schemas;
const LEAST_SAMPLES = 13;

const samples = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((one) => one.toJS() as SampleObject),
  )
  .filter(({ apiVersion }) => apiVersion.startsWith('gpuoptimizer.io/'));

function addressOf({ kind, metadata: { name, namespace } }: SampleObject): readonly string[] {
  return [kind, name, ...(namespace ? ['--namespace', namespace] : [])];
}

let cluster: Cluster;

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'crds')]);
  const names = [...new Set(samples.map(({ kind }) => `crd/${kind.toLowerCase()}s.gpuoptimizer.io`))];
  const plurals = names.map((name) => name.replace('policys.', 'policies.'));
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...plurals]);
  await cluster.kubectl(['apply', '--server-side', '-f', join(folder, 'namespaces.yaml')]);
});

afterAll(async () => {
  await cluster?.kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', join(folder, 'namespaces.yaml')]);
  await cluster?.release();
});

it(`are at least ${LEAST_SAMPLES}`, () => {
  expect(samples.length).toBeGreaterThanOrEqual(LEAST_SAMPLES);
});

it.each(samples.map((object) => ({ name: `${object.kind}/${object.metadata.name}`, object })))(
  '$name',
  async ({ object }) => {
    const input = JSON.stringify(object);
    const stored = await cluster.kubectl(['create', '--output=json', '--filename=-'], { input });
    try {
      const read = JSON.parse(await cluster.kubectl(['get', '--output=json', ...addressOf(object)])) as SampleObject;
      const { spec, status } = prepare(
        { ...object, metadata: { ...object.metadata } },
        known[`${object.apiVersion}/${object.kind}`],
      ) as {
        readonly spec: Json;
        readonly status: Json;
      };
      expect(read.spec).toEqual(spec);
      expect(read).toMatchObject({
        apiVersion: object.apiVersion,
        kind: object.kind,
        metadata: object.metadata,
        status,
      });
      expect(JSON.parse(stored).spec).toEqual(read.spec);
    } finally {
      await cluster.kubectl(['delete', '--wait=false', '--filename=-'], { input });
    }
  },
);
