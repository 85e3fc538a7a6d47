import { createHash } from 'node:crypto';
import type { DeviceTaintRule } from '../../kube/index.ts';
import type { Intent } from '../../runtime/index.ts';
import { ALLOCATOR_TAINT, DRA_DRIVER } from '../dra/index.ts';
import type { KeptNode } from './decide.ts';

/** Label on the rules that are ours. */
export const RULE_LABEL = 'gpuoptimizer.io/allocator';
/** Names of objects are at most this long. */
const LONGEST = 253;
const PREFIX = 'gpuopt-';

/**
 * The rule that keeps kube-scheduler's allocator off the devices of a node; pods whose claims are allocated are bound all
 * the same. It belongs to the pool, so that it goes with it, and with the definition of pools when all is uninstalled.
 */
export function taintRule({ node, pool }: KeptNode): Intent<DeviceTaintRule> {
  const { name, uid = '' } = pool.metadata;
  const owner = { apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'GPUPool', name, uid, controller: true };
  return {
    metadata: { name: ruleName(node), labels: { [RULE_LABEL]: 'GPUOptimizer' }, ownerReferences: [owner] },
    spec: {
      deviceSelector: { driver: DRA_DRIVER, pool: node },
      taint: { key: ALLOCATOR_TAINT, value: 'GPUOptimizer', effect: 'NoSchedule' },
    },
  };
}

function ruleName(node: string): string {
  const name = `${PREFIX}${node}`;
  if (name.length <= LONGEST) return name;
  return `${PREFIX}${createHash('sha256').update(node).digest('hex')}`;
}
