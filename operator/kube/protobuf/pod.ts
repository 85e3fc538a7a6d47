/** What `projectPod` reads. Numbers: k8s.io/api 0.37, core/v1/generated.proto; zeros: types.go beside it. */
import { affinity, toleration, topologySpreadConstraint } from './constraints.ts';
import { bool, int, list, type Message, map, object, text, time, told } from './field.ts';
import { objectMeta } from './meta.ts';

const resources: Message = {
  1: map('limits', 'quantity'),
  2: map('requests', 'quantity'),
  3: list('claims', { 1: text('name', told), 2: text('request') }),
};

const container: Message = {
  1: text('name', told),
  8: object('resources', resources),
  24: text('restartPolicy', told),
};

const spec: Message = {
  2: list('containers', container, told),
  3: text('restartPolicy'),
  5: int('activeDeadlineSeconds', told),
  7: map('nodeSelector', 'string'),
  10: text('nodeName'),
  18: object('affinity', affinity),
  19: text('schedulerName'),
  20: list('initContainers', container),
  22: list('tolerations', toleration),
  24: text('priorityClassName'),
  25: int('priority', told),
  29: text('runtimeClassName', told),
  31: text('preemptionPolicy', told),
  32: map('overhead', 'quantity'),
  33: list('topologySpreadConstraints', topologySpreadConstraint),
  38: list('schedulingGates', { 1: text('name', told) }),
  39: list('resourceClaims', {
    1: text('name', told),
    3: text('resourceClaimName', told),
    4: text('resourceClaimTemplateName', told),
  }),
  40: object('resources', resources),
  43: object('schedulingGroup', { 1: text('podGroupName', told) }),
};

const state: Message = {
  1: object('waiting', { 1: text('reason'), 2: text('message') }),
  2: object('running', { 1: time('startedAt', told) }),
  3: object('terminated', {
    1: int('exitCode', told),
    2: int('signal'),
    3: text('reason'),
    4: text('message'),
    5: time('startedAt', told),
    6: time('finishedAt', told),
    7: text('containerID'),
  }),
};

const health: Message = { 1: text('resourceID', told), 2: text('health'), 6: text('message', told) };

const containerStatus: Message = {
  1: text('name', told),
  2: object('state', state),
  4: bool('ready', told),
  5: int('restartCount', told),
  14: list('allocatedResourcesStatus', { 1: text('name', told), 2: list('resources', health) }),
};

const condition: Message = {
  1: text('type', told),
  2: text('status', told),
  4: time('lastTransitionTime', told),
  5: text('reason'),
  6: text('message'),
};

const requestMapping: Message = {
  1: text('containerName', told),
  2: text('resourceName', told),
  3: text('requestName', told),
};

const status: Message = {
  1: text('phase'),
  2: list('conditions', condition),
  4: text('reason'),
  7: time('startTime', told),
  8: list('containerStatuses', containerStatus),
  10: list('initContainerStatuses', containerStatus),
  11: text('nominatedNodeName'),
  15: list('resourceClaimStatuses', { 1: text('name', told), 2: text('resourceClaimName', told) }),
  18: object('extendedResourceClaimStatus', {
    1: list('requestMappings', requestMapping, told),
    2: text('resourceClaimName', told),
  }),
};

/** A pod. */
export const podMessage: Message = {
  1: object('metadata', objectMeta),
  2: object('spec', spec),
  3: object('status', status),
};
