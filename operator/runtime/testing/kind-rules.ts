/** What the API server does differently from kind to kind. */
import { isBuiltIn } from '../kinds.ts';
import { groupOf } from './refusals.ts';

const withGeneration: ReadonlySet<string> = new Set([
  'pods',
  'daemonsets.apps',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'cronjobs.batch',
  'jobs.batch',
  'poddisruptionbudgets.policy',
]);

/** Whether the collection is one of custom resources. */
export function isCustom(collection: string): boolean {
  return !isBuiltIn({ group: groupOf(collection).group ?? '' });
}

/** Whether objects count their generations; nodes, namespaces, leases and ConfigMaps do not. */
export function countsGenerations(collection: string): boolean {
  return isCustom(collection) || withGeneration.has(collection);
}

/** Whether a PUT must say which version it replaces. */
export function needsVersion(collection: string): boolean {
  return isCustom(collection) || ['leases.coordination.k8s.io', 'poddisruptionbudgets.policy'].includes(collection);
}

/** Whether a PUT creates what is not there. */
export function createsOnUpdate(collection: string): boolean {
  return collection === 'leases.coordination.k8s.io';
}

/** Whether `/status` may change labels, annotations and finalizers; of custom resources it may not. */
export function statusCarriesMetadata(collection: string): boolean {
  return collection === 'pods' || collection === 'nodes';
}

const podGraceSeconds = 30;

/** How long a deleted object stays for its kubelet: pods on a node for their grace period, all others not at all. */
export function graceSeconds(collection: string, object: object): number {
  if (collection !== 'pods') return 0;
  const node: unknown = Reflect.get(Object(Reflect.get(object, 'spec')), 'nodeName');
  const phase: unknown = Reflect.get(Object(Reflect.get(object, 'status')), 'phase');
  const over = phase === 'Succeeded' || phase === 'Failed';
  return typeof node === 'string' && node !== '' && !over ? podGraceSeconds : 0;
}
