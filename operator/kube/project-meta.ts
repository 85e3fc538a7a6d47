import type { Meta } from './wire.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Metadata without managedFields and without kubectl's copy of the whole object. */
export function projectMeta(meta: Meta): Meta {
  return {
    name: meta.name,
    namespace: meta.namespace,
    uid: meta.uid,
    resourceVersion: meta.resourceVersion,
    generation: meta.generation,
    creationTimestamp: meta.creationTimestamp,
    deletionTimestamp: meta.deletionTimestamp,
    deletionGracePeriodSeconds: meta.deletionGracePeriodSeconds,
    labels: meta.labels,
    annotations: withoutLastApplied(meta.annotations),
    finalizers: meta.finalizers,
    ownerReferences: meta.ownerReferences,
  };
}

function withoutLastApplied(annotations: Meta['annotations']): Meta['annotations'] {
  if (annotations?.[lastApplied] === undefined) return annotations;
  const { [lastApplied]: _dropped, ...rest } = annotations;
  return rest;
}
