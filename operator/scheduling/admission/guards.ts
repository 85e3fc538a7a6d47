import { asksForGpus, type Pod } from '../../kube/index.ts';
import { SHAPE_LABEL } from '../../pools/index.ts';
import type { AdmissionRequest } from '../../runtime/index.ts';
import { GATE, PLAN_LABEL } from '../names.ts';

/**
 * A guard: why someone who may not "release" is refused; undefined when he is not. Whether he may is for the API server
 * to say, which asks the webhook about nobody else (the condition `may-not-release`): so who may release is not kept
 * from it when the operator is away.
 */
export type Guard = (request: Pick<AdmissionRequest<Pod>, 'object' | 'oldObject' | 'userInfo'>) => string | undefined;

/** The twin of config/policies/gate-guard.yaml. */
export const gateGuard: Guard = ({ object, oldObject }) => {
  if (!hasGate(oldObject) || hasGate(object)) return undefined;
  return 'the scheduling gate gpuoptimizer.io/plan is removed by GPU Optimizer once the pod has a place; to release pods by hand, ask for the ClusterRole gpuopt-release';
};

/** The twin of gpuopt-plan-label in config/policies/place-guard.yaml. */
export const planLabelGuard: Guard = ({ object, oldObject }) => {
  if (planOf(object) === planOf(oldObject)) return undefined;
  return 'the label gpuoptimizer.io/plan is written by GPU Optimizer when it releases a pod; leave it out of what you create';
};

/** The twin of gpuopt-node-name in config/policies/place-guard.yaml. Mirror pods are the kubelet's. */
export const nodeNameGuard: Guard = ({ object, userInfo }) => {
  if (object === undefined || (object.spec?.nodeName ?? '') === '') return undefined;
  if (userInfo.groups?.includes('system:nodes') || !asksForGpus(object)) return undefined;
  return 'a pod that asks for GPUs may not name its node here, because GPU Optimizer chooses it; use a nodeSelector or node affinity, or ask for the ClusterRole gpuopt-release';
};

/** The twin of gpuopt-shape in config/policies/claim.yaml. */
export const shapeGuard: Guard = ({ object }) => {
  if (object === undefined || (object.metadata.labels?.[SHAPE_LABEL] ?? '') === '' || asksForGpus(object))
    return undefined;
  return 'no pool offers the shape that the label gpuoptimizer.io/shape names; kubectl get resourceclaimtemplates -l gpuoptimizer.io/shape lists those that there are, or ask for nvidia.com/ resources';
};

/** The twin of gpuopt-frozen in config/policies/frozen.yaml; it is asked about frozen namespaces only. */
export const frozenGuard: Guard = ({ object }) => {
  if (object === undefined || !asksForGpus(object)) return undefined;
  return 'the tenant of this namespace is frozen, so no new pod that asks for GPUs is let in; the annotation gpuoptimizer.io/frozen-because of the namespace says why and what lifts it';
};

function hasGate(pod: Pod | undefined): boolean {
  return pod?.spec?.schedulingGates?.some(({ name }) => name === GATE) === true;
}

function planOf(pod: Pod | undefined): string {
  return pod?.metadata.labels?.[PLAN_LABEL] ?? '';
}
