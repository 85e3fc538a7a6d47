/** What `projectNode` reads. Numbers: k8s.io/api 0.37, core/v1/generated.proto; zeros: types.go beside it. */
import { bool, list, type Message, map, object, text, time, told } from './field.ts';
import { objectMeta } from './meta.ts';

const taint: Message = {
  1: text('key', told),
  2: text('value'),
  3: text('effect', told),
  4: time('timeAdded', told),
};

const condition: Message = {
  1: text('type', told),
  2: text('status', told),
  4: time('lastTransitionTime', told),
  5: text('reason'),
  6: text('message'),
};

/** A node. */
export const nodeMessage: Message = {
  1: object('metadata', objectMeta),
  2: object('spec', { 3: text('providerID'), 4: bool('unschedulable'), 5: list('taints', taint) }),
  3: object('status', {
    1: map('capacity', 'quantity'),
    2: map('allocatable', 'quantity'),
    4: list('conditions', condition),
  }),
};
