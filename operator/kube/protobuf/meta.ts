/** Messages of meta/v1. Numbers: k8s.io/apimachinery 0.37, pkg/apis/meta/v1/generated.proto; zeros: types.go beside it. */
import { bool, int, list, type Message, map, object, text, time, told } from './field.ts';

const ownerReference: Message = {
  1: text('kind', told),
  3: text('name', told),
  4: text('uid', told),
  5: text('apiVersion', told),
  6: bool('controller', told),
  7: bool('blockOwnerDeletion', told),
};

/** ObjectMeta, all but managedFields (17), which no cache holds. */
export const objectMeta: Message = {
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  4: text('selfLink'),
  5: text('uid'),
  6: text('resourceVersion'),
  7: int('generation'),
  8: time('creationTimestamp'),
  9: time('deletionTimestamp', told),
  10: int('deletionGracePeriodSeconds', told),
  11: map('labels', 'string'),
  12: map('annotations', 'string'),
  13: list('ownerReferences', ownerReference),
  14: list('finalizers', 'string'),
};

/** Of an object that is cached as metadata alone (PartialObjectMetadata). */
export const metadataOnly: Message = { 1: object('metadata', objectMeta) };

/** LabelSelector. */
export const labelSelector: Message = {
  1: map('matchLabels', 'string'),
  2: list('matchExpressions', { 1: text('key', told), 2: text('operator', told), 3: list('values', 'string') }),
};

/** Condition. */
export const condition: Message = {
  1: text('type', told),
  2: text('status', told),
  3: int('observedGeneration'),
  4: time('lastTransitionTime', told),
  5: text('reason', told),
  6: text('message', told),
};
