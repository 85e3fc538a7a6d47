/** What the generator promises about definitions, against what a real API server says of the same ones. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costOfRule, RULE_LIMIT, VERSION_LIMIT } from '../../operator/crdgen/cel/schema-cost.ts';
import type { Crd } from '../../operator/crdgen/crd.ts';
import { toCrd } from '../../operator/crdgen/emit/crd.ts';
import { patterns } from '../../operator/crdgen/pattern/table.ts';
import { compileFixture } from '../../operator/crdgen/samples/fixture.ts';
import type { JsonSchema, ValidationRule } from '../../operator/crdgen/schema.ts';
import { tryCommand } from '../cluster/commands.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { gpuopt } from './gpu/operator.ts';

const root = join(import.meta.dirname, '../..');

let cluster: Cluster;

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
});

afterAll(async () => {
  await cluster?.release();
});

/** A definition whose spec has this schema. */
function crdWith(spec: JsonSchema): Crd {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'probes.fixtures.example.com' },
    spec: {
      group: 'fixtures.example.com',
      scope: 'Cluster',
      names: { kind: 'Probe', plural: 'probes' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  };
}

/** What the API server says against a definition; empty when it takes it. */
async function objections(spec: JsonSchema): Promise<string> {
  const options = { input: JSON.stringify(crdWith(spec)) };
  const { code, stderr } = await cluster.tryKubectl(['create', '--dry-run=server', '--filename=-'], options);
  return code === 0 ? '' : stderr;
}

const text: JsonSchema = { type: 'string', maxLength: 10 };
const fields: JsonSchema = {
  type: 'object',
  properties: {
    s: text,
    free: { type: 'string' },
    n: { type: 'integer' },
    t: { type: 'string', format: 'date-time' },
    ios: { 'x-kubernetes-int-or-string': true },
    list: { type: 'array', maxItems: 7, items: text },
    map: { type: 'object', maxProperties: 4, additionalProperties: text },
    objs: { type: 'array', maxItems: 5, items: { type: 'object', properties: { k: text, v: { type: 'integer' } } } },
  },
};

/** The entries of a list hold the rules, so that the list's limit multiplies what they cost. */
function listOf(rules: readonly ValidationRule[], maxItems: number): JsonSchema {
  const items = { ...fields, 'x-kubernetes-validations': rules };
  return { type: 'object', properties: { entries: { type: 'array', maxItems, items } } };
}

describe('the estimated cost of a rule', () => {
  const rules = [
    'self.n > 5',
    "self.s == 'abc'",
    "has(self.s) && self.s.startsWith('a')",
    "self.s.matches('^[a-z]+$')",
    "self.s.contains('TZ=')",
    "self.list.all(x, x.startsWith('a'))",
    "self.list.exists_one(x, x == 'a')",
    'self.objs.all(o, self.objs.exists(p, p.k == o.k))',
    "self.map.all(k, k.matches('^[a-z]+$'))",
    "self.list.map(x, x + 'b').size() == 1",
    'self.objs.filter(o, o.v > 1).size() == 1',
    "type(self.ios) == int ? self.ios > 5 : self.ios == '5%'",
    "self.t < timestamp('2020-01-01T00:00:00Z')",
    "quantity(self.s).isGreaterThan(quantity('1Gi'))",
    '(has(self.s) ? 1 : 0) + (has(self.n) ? 1 : 0) == 1',
    "self.free.matches('^[a-z]+$')",
  ];

  it.each(rules)('of %s is that of the API server, to the last entry of a list', async (rule) => {
    const most = Math.floor(RULE_LIMIT / costOfRule({ rule }, fields, 1).rule);
    expect(await objections(listOf([{ rule, message: 'no' }], most))).toBe('');
    const said = await objections(listOf([{ rule, message: 'no' }], most + 1));
    expect(said).toContain('estimated rule cost exceeds budget by factor of');
  });

  it('of a version is the sum of its rules', async () => {
    const rule = 'self.n > 5';
    const most = Math.floor(RULE_LIMIT / costOfRule({ rule }, fields, 1).rule);
    const many = (count: number) => Array.from({ length: count }, () => ({ rule, message: 'no' }));
    const fit = VERSION_LIMIT / RULE_LIMIT;
    expect(await objections(listOf(many(fit), most))).toBe('');
    expect(await objections(listOf(many(fit + 1), most))).toContain(
      'estimated rule cost total for entire OpenAPIv3 schema',
    );
  });

  it('of a message is counted once, whatever the list holds', async () => {
    const withMessage = (messageExpression: string) => ({ rule: 'self.n > 5', messageExpression });
    const cheap = withMessage("'no ' + self.s");
    const dear = withMessage("self.free.matches(self.free) ? 'no' : 'never'");
    expect(costOfRule(cheap, fields, 1000).message).toBeLessThan(RULE_LIMIT);
    expect(await objections(listOf([cheap], 1000))).toBe('');
    expect(costOfRule(dear, fields, 1).message).toBeGreaterThan(RULE_LIMIT);
    expect(await objections(listOf([dear], 1))).toContain('estimated messageExpression cost exceeds budget');
  });
});

describe('a pattern', () => {
  it.each(patterns.filter(({ says, taken }) => says === undefined || taken))(
    '$pattern is taken',
    async ({ pattern }) => {
      expect(await objections({ type: 'object', properties: { s: { ...text, pattern } } })).toBe('');
    },
  );

  it.each(patterns.filter(({ says, taken }) => says !== undefined && !taken))(
    '$pattern is refused',
    async ({ pattern }) => {
      const said = await objections({ type: 'object', properties: { s: { ...text, pattern } } });
      expect(said).toContain('must be a valid regular expression');
    },
  );
});

describe('several versions', () => {
  const v1 = {
    apiVersion: 'fixtures.example.com/v1',
    kind: 'Thing',
    metadata: { name: 'versions' },
    spec: { name: 'a' },
  };

  it('of one shape are the same object, and an old one warns', async () => {
    await cluster.kubectl(['create', '--filename=-'], {
      input: JSON.stringify(toCrd(compileFixture('versions-alike'))),
    });
    try {
      await cluster.kubectl([
        'wait',
        '--for=condition=Established',
        '--timeout=60s',
        'crd/things.fixtures.example.com',
      ]);
      await cluster.kubectl(['create', '--filename=-'], { input: JSON.stringify(v1) });
      const { stdout, stderr } = await cluster.tryKubectl([
        'get',
        'things.v1beta1.fixtures.example.com',
        '--output=json',
      ]);
      expect(JSON.parse(stdout)).toMatchObject({ items: [{ ...v1, apiVersion: 'fixtures.example.com/v1beta1' }] });
      expect(stderr).toContain('use v1');
    } finally {
      await cluster.kubectl(['delete', 'crd', 'things.fixtures.example.com']);
    }
  });

  it.each(['versions', 'versions-converted', 'root-tags'])('as in %s are taken', async (name) => {
    const input = JSON.stringify(toCrd(compileFixture(name)));
    expect(await cluster.kubectl(['create', '--dry-run=server', '--filename=-'], { input })).toContain('created');
  });
});

describe('gpuopt crd diff', () => {
  async function diff(served: string): Promise<{ readonly code: number; readonly stdout: string }> {
    const { code, stdout, stderr } = await tryCommand([gpuopt, 'crd', 'diff', '-', 'crds'], {
      input: served,
      cwd: root,
    });
    expect(stderr).toBe('');
    return { code, stdout };
  }

  it('finds nothing between what a cluster serves and what was applied', async () => {
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'crds')]);
    expect(await diff(await cluster.kubectl(['get', 'crd', '--output=yaml']))).toEqual({
      code: 0,
      stdout: 'nothing changes\n',
    });
  });

  it('refuses to drop a version that the cluster says objects are stored in', async () => {
    const served = JSON.parse(await cluster.kubectl(['get', 'crd', 'tenants.gpuoptimizer.io', '--output=json']));
    served.status.storedVersions = ['v1alpha1', 'v1alpha0'];
    const { code, stdout } = await diff(JSON.stringify(served));
    expect(code).toBe(1);
    expect(stdout).toContain('v1alpha0 is gone, but objects are stored in it');
  });
});
