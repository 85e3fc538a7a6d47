import { ApiTypeError } from '../errors.ts';
import type { Root } from '../model.ts';

/** Short names of built-in kinds, and those that NVIDIA's and Kueue's operators have taken (kubectl api-resources). */
const TAKEN = new Set(
  (
    'cm cs csr crd crds cj deploy ds ep ev hpa ing limits netpol no np ns pc pdb po psp pv pvc quota rc rs sa sc sts svc ' +
    'vap vapb map mapb va gc nvd cq lq cqs lqs rf kwl wl wls topo flavor flavors queue queues ac'
  ).split(' '),
);

/** Refuses names that another kind has. */
export function checkNames(roots: readonly Root[]): void {
  const owner = new Map<string, string>();
  for (const root of roots) {
    const { plural, singular, shortNames } = root.resource;
    for (const name of new Set([plural, singular, ...shortNames])) {
      const other = owner.get(name) ?? root.kind;
      if (TAKEN.has(name)) throw new ApiTypeError(root.at, `the name ${name} belongs to another kind of the cluster`);
      if (other !== root.kind) throw new ApiTypeError(root.at, `the name ${name} belongs to ${other} already`);
      owner.set(name, root.kind);
    }
    const lower = plural === plural.toLowerCase() && /^[a-z][a-z0-9]*$/.test(plural);
    if (!lower) throw new ApiTypeError(root.at, `plural ${plural} must be lower case letters`);
  }
}

/** Refuses a condition that is explained twice, and an event whose reason another kind has: people search for reasons. */
export function checkReports(roots: readonly Root[]): void {
  const owner = new Map<string, string>();
  for (const { kind, tags } of roots) {
    const seen = new Set<string>();
    for (const { type, status, reason, at } of tags.conditions) {
      const key = `${type}=${status} ${reason}`;
      if (seen.has(key)) throw new ApiTypeError(at, `@condition ${key} stands here twice`);
      seen.add(key);
    }
    for (const { reason, at } of tags.events) {
      const other = owner.get(reason) ?? kind;
      if (other !== kind) throw new ApiTypeError(at, `the event ${reason} belongs to ${other} already`);
      owner.set(reason, kind);
    }
  }
}
