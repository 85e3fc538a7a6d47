/**
 * Smaller kinds. Numbers: k8s.io/api 0.37, generated.proto of core/v1, batch/v1, coordination/v1 and policy/v1; zeros:
 * types.go beside them.
 */
import { bool, int, intOrString, list, type Message, map, microTime, object, text, time, told } from './field.ts';
import { condition, labelSelector, objectMeta } from './meta.ts';

/** A ConfigMap, whole. */
export const configMapMessage: Message = {
  1: object('metadata', objectMeta),
  2: map('data', 'string'),
  3: map('binaryData', 'bytes'),
  4: bool('immutable', told),
};

const jobCondition: Message = {
  1: text('type', told),
  2: text('status', told),
  4: time('lastTransitionTime', told),
  5: text('reason'),
  6: text('message'),
};

/** What `projectJob` reads of a Job. */
export const jobMessage: Message = {
  1: object('metadata', objectMeta),
  2: object('spec', {
    1: int('parallelism', told),
    2: int('completions', told),
    9: text('completionMode', told),
    10: bool('suspend', told),
  }),
  3: object('status', {
    1: list('conditions', jobCondition),
    2: time('startTime', told),
    3: time('completionTime', told),
    4: int('active'),
    5: int('succeeded'),
    6: int('failed'),
  }),
};

/** A Lease, whole. */
export const leaseMessage: Message = {
  1: object('metadata', objectMeta),
  2: object('spec', {
    1: text('holderIdentity', told),
    2: int('leaseDurationSeconds', told),
    3: microTime('acquireTime', told),
    4: microTime('renewTime', told),
    5: int('leaseTransitions', told),
    6: text('strategy', told),
    7: text('preferredHolder', told),
  }),
};

/** A PodDisruptionBudget, whole. */
export const podDisruptionBudgetMessage: Message = {
  1: object('metadata', objectMeta),
  2: object('spec', {
    1: intOrString('minAvailable', told),
    2: object('selector', labelSelector),
    3: intOrString('maxUnavailable', told),
    4: text('unhealthyPodEvictionPolicy', told),
  }),
  3: object('status', {
    1: int('observedGeneration'),
    2: map('disruptedPods', 'time'),
    3: int('disruptionsAllowed', told),
    4: int('currentHealthy', told),
    5: int('desiredHealthy', told),
    6: int('expectedPods', told),
    7: list('conditions', condition),
  }),
};
