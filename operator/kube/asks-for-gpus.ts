import type { Pod } from './kinds.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

/** Whether a pod asks for NVIDIA resources or names resource claims: the condition `asks-for-gpus` of the policies. */
export function asksForGpus({ spec }: Pod): boolean {
  if ((spec?.resourceClaims?.length ?? 0) > 0) return true;
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(asks);
}

function asks({ resources }: Container): boolean {
  const names = [...Object.keys(resources?.limits ?? {}), ...Object.keys(resources?.requests ?? {})];
  return names.some((name) => name.startsWith('nvidia.com/'));
}
