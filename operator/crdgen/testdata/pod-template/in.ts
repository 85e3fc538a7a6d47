import type { CustomResource, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** template is checked by the cluster when it is used. */
  readonly template: PodTemplate;
  /**
   * object is a whole Kubernetes object.
   * @embedded
   * @preserveUnknown
   */
  readonly object?: unknown;
}

/** PodTemplate is a pod to be. */
export interface PodTemplate {
  /**
   * spec is a pod's spec.
   * @preserveUnknown
   */
  readonly spec: unknown;
}
