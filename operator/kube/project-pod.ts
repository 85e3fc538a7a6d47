import type { V1Pod } from '@kubernetes/client-node';
import { projectMeta } from './project-meta.ts';
import type { Resource } from './wire.ts';

/** A pod as it travels. */
export type PodObject = Resource<V1Pod>;

type PodSpec = NonNullable<PodObject['spec']>;
type Container = PodSpec['containers'][number];
type PodStatus = NonNullable<PodObject['status']>;
type ContainerStatus = NonNullable<PodStatus['containerStatuses']>[number];

/**
 * Cuts a pod to what placement, metering and tuning read: requests, constraints, gates, phase, conditions
 * and when its containers ran. Environment, volumes, probes and images go.
 */
export function projectPod(pod: PodObject): PodObject {
  const { spec, status } = pod;
  return {
    metadata: projectMeta(pod.metadata),
    spec: spec === undefined ? undefined : projectSpec(spec),
    status: status === undefined ? undefined : projectStatus(status),
  };
}

function projectSpec(spec: PodSpec): PodSpec {
  return {
    nodeName: spec.nodeName,
    schedulerName: spec.schedulerName,
    schedulingGates: spec.schedulingGates,
    schedulingGroup: spec.schedulingGroup,
    nodeSelector: spec.nodeSelector,
    affinity: spec.affinity,
    tolerations: spec.tolerations,
    topologySpreadConstraints: spec.topologySpreadConstraints,
    priority: spec.priority,
    priorityClassName: spec.priorityClassName,
    preemptionPolicy: spec.preemptionPolicy,
    restartPolicy: spec.restartPolicy,
    runtimeClassName: spec.runtimeClassName,
    activeDeadlineSeconds: spec.activeDeadlineSeconds,
    overhead: spec.overhead,
    resources: spec.resources,
    resourceClaims: spec.resourceClaims,
    containers: spec.containers.map(projectContainer),
    initContainers: spec.initContainers?.map(projectContainer),
  };
}

function projectContainer(container: Container): Container {
  return { name: container.name, resources: container.resources, restartPolicy: container.restartPolicy };
}

function projectStatus(status: PodStatus): PodStatus {
  return {
    phase: status.phase,
    reason: status.reason,
    startTime: status.startTime,
    nominatedNodeName: status.nominatedNodeName,
    resourceClaimStatuses: status.resourceClaimStatuses,
    extendedResourceClaimStatus: status.extendedResourceClaimStatus,
    conditions: status.conditions?.map(({ type, status: value, reason, message, lastTransitionTime }) => ({
      type,
      status: value,
      reason,
      message,
      lastTransitionTime,
    })),
    containerStatuses: status.containerStatuses?.map(projectContainerStatus),
    initContainerStatuses: status.initContainerStatuses?.map(projectContainerStatus),
  };
}

function projectContainerStatus(status: ContainerStatus): ContainerStatus {
  const { name, ready, restartCount, state, allocatedResourcesStatus } = status;
  return { name, ready, restartCount, state, allocatedResourcesStatus, image: '', imageID: '' };
}
