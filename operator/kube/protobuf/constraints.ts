/** Where a pod may run. Numbers: k8s.io/api 0.37, core/v1/generated.proto; zeros: types.go beside it. */
import { int, list, type Message, object, text, told } from './field.ts';
import { labelSelector } from './meta.ts';

const requirement: Message = { 1: text('key', told), 2: text('operator', told), 3: list('values', 'string') };

const nodeSelectorTerm: Message = {
  1: list('matchExpressions', requirement),
  2: list('matchFields', requirement),
};

const podAffinityTerm: Message = {
  1: object('labelSelector', labelSelector),
  2: list('namespaces', 'string'),
  3: text('topologyKey', told),
  4: object('namespaceSelector', labelSelector),
  5: list('matchLabelKeys', 'string'),
  6: list('mismatchLabelKeys', 'string'),
};

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

const podAffinity: Message = {
  1: list(required, podAffinityTerm),
  2: list(preferred, { 1: int('weight', told), 2: object('podAffinityTerm', podAffinityTerm) }),
};

/** Affinity, whole. */
export const affinity: Message = {
  1: object('nodeAffinity', {
    1: object(required, { 1: list('nodeSelectorTerms', nodeSelectorTerm, told) }),
    2: list(preferred, { 1: int('weight', told), 2: object('preference', nodeSelectorTerm) }),
  }),
  2: object('podAffinity', podAffinity),
  3: object('podAntiAffinity', podAffinity),
};

/** Toleration, whole. */
export const toleration: Message = {
  1: text('key'),
  2: text('operator'),
  3: text('value'),
  4: text('effect'),
  5: int('tolerationSeconds', told),
};

/** TopologySpreadConstraint, whole. */
export const topologySpreadConstraint: Message = {
  1: int('maxSkew', told),
  2: text('topologyKey', told),
  3: text('whenUnsatisfiable', told),
  4: object('labelSelector', labelSelector),
  5: int('minDomains', told),
  6: text('nodeAffinityPolicy', told),
  7: text('nodeTaintsPolicy', told),
  8: list('matchLabelKeys', 'string'),
};
