import { asksForGpus, type Pod } from '../../kube/index.ts';
import { SHAPE_LABEL } from '../../pools/index.ts';
import type { AdmissionRequest } from '../../runtime/index.ts';
import { GATE } from '../names.ts';

/** Keeps a pod until metering has closed its interval. */
const METERING_FINALIZER = 'gpuoptimizer.io/metering';
/** Who makes the pods of DaemonSets: anyone may write an owner into a pod. */
const daemonSetControllers = [
  'system:serviceaccount:kube-system:daemon-set-controller',
  'system:kube-controller-manager',
];

type Request = Pick<AdmissionRequest<Pod>, 'userInfo'>;
type Exemption = (pod: Pod, request: Request) => boolean;

const exemptions: readonly Exemption[] = [
  isBound, // a pod with a node and a gate is invalid
  hasOtherScheduler, // another scheduler does not know the gate's meaning
  isOfDaemonSet, // a DaemonSet chooses the node itself
  (pod) => !asksForGpus(pod) && !namesShape(pod), // the claim of a shape may be added later
];

/** A new pod as it must start: gated, and held for metering. The twin of config/policies/gate.yaml. */
export function gatedPod(pod: Pod, request: Request): Pod {
  if (exemptions.some((exempt) => exempt(pod, request))) return pod;
  const { metadata, spec = { containers: [] } } = pod;
  const { finalizers = [] } = metadata;
  const { schedulingGates: gates = [] } = spec;
  return {
    ...pod,
    metadata: { ...metadata, finalizers: [...new Set([...finalizers, METERING_FINALIZER])] },
    spec: { ...spec, schedulingGates: gates.some(({ name }) => name === GATE) ? gates : [...gates, { name: GATE }] },
  };
}

function namesShape({ metadata }: Pod): boolean {
  return (metadata.labels?.[SHAPE_LABEL] ?? '') !== '';
}

function isBound({ spec }: Pod): boolean {
  return (spec?.nodeName ?? '') !== '';
}

function hasOtherScheduler({ spec }: Pod): boolean {
  return !['', 'default-scheduler'].includes(spec?.schedulerName ?? '');
}

function isOfDaemonSet({ metadata }: Pod, { userInfo }: Request): boolean {
  const owned = metadata.ownerReferences?.some(
    ({ apiVersion, kind }) => kind === 'DaemonSet' && apiVersion.startsWith('apps/'),
  );
  return owned === true && daemonSetControllers.includes(userInfo.username ?? '');
}
