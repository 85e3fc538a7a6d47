import { GPU_CLASS, profileOf } from '../../../pools/index.ts';

/** A template by where it is and what it is for. */
export interface TemplateKey {
  readonly namespace: string;
  readonly name: string;
}

/** What is to be made and what is to go. */
export interface TemplatePlan<Existing extends TemplateKey> {
  readonly make: readonly { readonly namespace: string; readonly shape: string }[];
  readonly remove: readonly Existing[];
}

/**
 * One template for each namespace of a tenant and each shape that pools offer. A shape that is not offered at the moment
 * keeps its templates, because a driver that restarts publishes nothing for a while; they go with the last pool of the
 * kind, or with the tenant.
 */
export function decide<Existing extends TemplateKey>(
  namespaces: readonly string[],
  shapes: readonly string[],
  existing: readonly Existing[],
): TemplatePlan<Existing> {
  const offered = [...new Set(shapes)].filter((shape) => shape === GPU_CLASS || profileOf(shape) !== undefined).sort();
  const managed = new Set(namespaces);
  return {
    make: [...managed].sort().flatMap((namespace) => offered.map((shape) => ({ namespace, shape }))),
    remove: existing.filter(({ namespace }) => offered.length === 0 || !managed.has(namespace)),
  };
}
