import type { CustomResource } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {}
