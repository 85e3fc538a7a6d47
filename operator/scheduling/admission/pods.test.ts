import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Pod, ResourceClaimTemplate } from '../../kube/index.ts';
import { claimedPod } from './claim.ts';
import { gatedPod } from './gate.ts';
import { gateGuard, nodeNameGuard, planLabelGuard, shapeGuard } from './guards.ts';

interface Row {
  readonly name: string;
  readonly user?: 'tenant' | 'admin' | 'kubelet' | 'daemonset';
  readonly namespace?: 'managed' | 'free';
  readonly before?: Partial<Pod>;
  readonly pod: Partial<Pod>;
  readonly gates?: readonly string[];
  readonly finalizers?: readonly string[];
  readonly claims?: readonly string[];
  readonly refused?: string;
}

const table: { readonly rows: readonly Row[] } = parse(readFileSync(join(import.meta.dirname, 'pods.yaml'), 'utf8'), {
  merge: true,
});
const users = {
  tenant: { username: 'tenant', groups: ['system:authenticated'] },
  admin: { username: 'admin', groups: ['system:masters'] },
  kubelet: { username: 'kubelet', groups: ['system:nodes'] },
  daemonset: { username: 'system:serviceaccount:kube-system:daemon-set-controller', groups: [] },
} as const;
const template: ResourceClaimTemplate = {
  metadata: { name: 'gpuopt-1g.10gb', labels: { 'gpuoptimizer.io/shape': '1g.10gb' } },
  spec: { spec: {} },
};
const podOf = ({ metadata, spec }: Partial<Pod>): Pod => ({ metadata: { name: 'row', ...metadata }, spec });

describe('the functions behind the webhooks of pods', () => {
  it('are tried with enough rows', () => {
    expect(table.rows.length).toBeGreaterThanOrEqual(30);
  });

  it.each(table.rows)(
    'agree about $name',
    ({ before, claims = [], finalizers = [], gates = [], namespace, pod, refused, user }) => {
      const userInfo = users[user ?? 'tenant'];
      // The selectors, the operations and the last condition of the webhooks say which functions are asked.
      const isNew = before === undefined;
      const managed = namespace !== 'free';
      const object = isNew && managed ? gatedPod(claimedPod(podOf(pod), [template]), { userInfo }) : podOf(pod);
      const inManaged = isNew ? [nodeNameGuard, shapeGuard] : [gateGuard];
      const guards = user === 'admin' ? [] : managed ? [planLabelGuard, ...inManaged] : [planLabelGuard];
      const problems = guards.flatMap((guard) => guard({ object, oldObject: before && podOf(before), userInfo }) ?? []);
      expect(problems).toEqual(refused === undefined ? [] : [expect.stringContaining(refused)]);
      if (refused !== undefined || !isNew) return;
      expect((object.spec?.schedulingGates ?? []).map(({ name }) => name).sort()).toEqual([...gates].sort());
      expect([...(object.metadata.finalizers ?? [])].sort()).toEqual([...finalizers].sort());
      expect((object.spec?.containers[0]?.resources?.claims ?? []).map(({ name }) => name)).toEqual(claims);
      if (managed) expect(gatedPod(claimedPod(object, [template]), { userInfo })).toEqual(object);
      // Policies are asked in any order.
      if (managed) expect(claimedPod(gatedPod(podOf(pod), { userInfo }), [template])).toEqual(object);
    },
  );
});
