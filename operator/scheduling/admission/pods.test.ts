import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Pod } from '../../kube/index.ts';
import { gatedPod } from './gate.ts';
import { gateGuard, nodeNameGuard, planLabelGuard } from './guards.ts';

interface Row {
  readonly name: string;
  readonly user?: 'tenant' | 'admin' | 'kubelet' | 'daemonset';
  readonly namespace?: 'managed' | 'free';
  readonly before?: Partial<Pod>;
  readonly pod: Partial<Pod>;
  readonly gates?: readonly string[];
  readonly finalizers?: readonly string[];
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
const podOf = ({ metadata, spec }: Partial<Pod>): Pod => ({ metadata: { name: 'row', ...metadata }, spec });

describe('the functions behind the webhooks of pods', () => {
  it('are tried with enough rows', () => {
    expect(table.rows.length).toBeGreaterThanOrEqual(30);
  });

  it.each(table.rows)('agree about $name', ({ before, finalizers = [], gates = [], namespace, pod, refused, user }) => {
    const userInfo = users[user ?? 'tenant'];
    // The selectors, the operations and the last condition of the webhooks say which functions are asked.
    const isNew = before === undefined;
    const managed = namespace !== 'free';
    const object = isNew && managed ? gatedPod(podOf(pod), { userInfo }) : podOf(pod);
    const inManaged = isNew ? nodeNameGuard : gateGuard;
    const guards = user === 'admin' ? [] : managed ? [planLabelGuard, inManaged] : [planLabelGuard];
    const problems = guards.flatMap((guard) => guard({ object, oldObject: before && podOf(before), userInfo }) ?? []);
    expect(problems).toEqual(refused === undefined ? [] : [expect.stringContaining(refused)]);
    if (refused !== undefined || !isNew) return;
    expect((object.spec?.schedulingGates ?? []).map(({ name }) => name).sort()).toEqual([...gates].sort());
    expect([...(object.metadata.finalizers ?? [])].sort()).toEqual([...finalizers].sort());
    if (managed) expect(gatedPod(object, { userInfo })).toEqual(object);
  });
});
