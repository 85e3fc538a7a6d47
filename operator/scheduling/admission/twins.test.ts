import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { namespaceWebhooks } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { podWebhooks } from './index.ts';

interface Named {
  readonly name: string;
  readonly expression: string;
}
interface Rule {
  readonly operations: readonly string[];
  readonly scope?: string;
}
interface Selector {
  readonly matchLabels?: object;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}
interface Policy {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly failurePolicy: string;
    readonly reinvocationPolicy?: string;
    readonly matchConstraints: { readonly resourceRules: readonly Rule[] };
    readonly matchConditions: readonly Named[];
    readonly validations?: readonly { readonly expression: string; readonly message: string }[];
    readonly matchResources?: { readonly namespaceSelector: Selector };
  };
}
interface Hook {
  readonly name: string;
  readonly failurePolicy: string;
  readonly reinvocationPolicy?: string;
  readonly timeoutSeconds: number;
  readonly rules: readonly Rule[];
  readonly namespaceSelector: Selector;
  readonly matchConditions?: readonly Named[];
  readonly clientConfig: { readonly service: { readonly path: string } };
}

const config = join(import.meta.dirname, '../../../config');
const documents = (path: string): readonly unknown[] =>
  parseAllDocuments(readFileSync(join(config, path), 'utf8')).map((document) => document.toJS());
const policies = readdirSync(join(config, 'policies')).flatMap((file) => documents(join('policies', file))) as Policy[];
const configurations = [documents('webhooks/mutating.yaml'), documents('webhooks/guards/validating.yaml')].flat();
const hooks = (configurations as { readonly webhooks: readonly Hook[] }[]).flatMap(({ webhooks }) => webhooks);
const served = [...podWebhooks, ...namespaceWebhooks];
const twinOf = (hook: Hook, kind: RegExp): Policy => {
  const name = `gpuopt-${hook.name.replace('.gpuoptimizer.io', '')}`;
  const found = policies.find((policy) => policy.metadata?.name === name && kind.test(policy.kind));
  if (found === undefined) throw new Error(`config/policies has no ${kind} ${name}`);
  return found;
};
const permission = /^may-not-/;
/** Policies without a twin: every server with PodGroups or claims has admission policies, too. */
const alone = new Set(['gpuopt-pod-group', 'gpuopt-frozen-claim', 'gpuopt-claim-toleration']);

/** Requests that each guard refuses, so that its sentence can be read. */
const refused: Readonly<
  Record<string, { readonly kind: string; readonly object: object; readonly oldObject?: object }>
> = {
  '/gate-guard': {
    kind: 'Pod',
    object: { metadata: {} },
    oldObject: { metadata: {}, spec: { schedulingGates: [{ name: 'gpuoptimizer.io/plan' }] } },
  },
  '/plan-label': { kind: 'Pod', object: { metadata: { labels: { 'gpuoptimizer.io/plan': 'x' } } } },
  '/node-name': { kind: 'Pod', object: { metadata: {}, spec: { nodeName: 'a', resourceClaims: [{ name: 'gpu' }] } } },
  '/shape': { kind: 'Pod', object: { metadata: { labels: { 'gpuoptimizer.io/shape': 'x' } } } },
  '/frozen': { kind: 'Pod', object: { metadata: {}, spec: { resourceClaims: [{ name: 'gpu' }] } } },
  '/namespace-guard': { kind: 'Namespace', object: { metadata: { labels: { 'gpuoptimizer.io/tenant': 'acme' } } } },
};

describe('the webhooks of config/webhooks', () => {
  it('are those that are served, and as many as there are policies', () => {
    expect(hooks.map(({ clientConfig }) => clientConfig.service.path).sort()).toEqual(
      served.map(({ path }) => path).sort(),
    );
    const twinned = policies.filter(
      ({ kind, metadata }) => kind?.endsWith('AdmissionPolicy') && !alone.has(metadata.name),
    );
    expect(hooks.length).toBe(twinned.length);
    expect(hooks.length).toBeGreaterThanOrEqual(6);
  });

  it.each(hooks)('$name is asked about what its policy is asked about', (hook) => {
    const { spec } = twinOf(hook, /AdmissionPolicy$/);
    const binding = twinOf(hook, /Binding$/);
    expect(hook.rules.map(({ scope: _scope, ...rule }) => rule)).toEqual(spec.matchConstraints.resourceRules);
    expect(hook.namespaceSelector.matchLabels).toEqual(binding.spec.matchResources?.namespaceSelector.matchLabels);
    expect([hook.failurePolicy, hook.reinvocationPolicy]).toEqual([spec.failurePolicy, spec.reinvocationPolicy]);
    const conditions = hook.matchConditions ?? [];
    // Webhooks have no parameters: what a policy asks of them the function asks of the cache.
    const ofObject = spec.matchConditions.filter(({ expression }) => !expression.includes('params.'));
    expect(conditions.filter(({ name }) => !permission.test(name))).toEqual(ofObject);
    const allowed = spec.validations?.map(({ expression }) => `!${expression}`) ?? [];
    expect(conditions.filter(({ name }) => permission.test(name)).map(({ expression }) => expression)).toEqual(allowed);
  });

  it.each(hooks)('$name is not asked about what the cluster and the operator need to start', (hook) => {
    expect(hook.namespaceSelector.matchExpressions).toEqual([
      {
        key: 'kubernetes.io/metadata.name',
        operator: 'NotIn',
        values: ['kube-system', 'kube-public', 'kube-node-lease', 'gpuopt-system'],
      },
    ]);
    expect(hook.timeoutSeconds).toBeLessThanOrEqual(5);
  });

  it.each(Object.entries(refused))(
    '%s refuses in the words of its policy',
    async (path, { kind, object, oldObject }) => {
      const nothing: Reader = { get: () => undefined, list: () => [] };
      const request = { uid: 'u', kind: { group: '', version: 'v1', kind }, operation: 'UPDATE', object, oldObject };
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
      const hook = hooks.find(({ clientConfig }) => clientConfig.service.path === path);
      const answer = await served.find((each) => each.path === path)?.answer(review, nothing);
      const says = hook && twinOf(hook, /AdmissionPolicy$/).spec.validations?.map(({ message }) => message);
      expect(says).toHaveLength(1);
      expect(answer?.review).toMatchObject({ response: { allowed: false, status: { code: 403, message: says?.[0] } } });
    },
  );
});
