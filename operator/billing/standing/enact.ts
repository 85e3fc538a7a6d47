import { Namespace, Pod } from '../../kube/index.ts';
import { TENANT_LABEL } from '../../metering/index.ts';
import { Conflict, type Context, NotFound } from '../../runtime/index.ts';
import type { Standing } from './decide.ts';
import { evictedEvent } from './events.ts';
import { isFrozen } from './report.ts';
import { FROZEN_BECAUSE, FROZEN_LABEL, frozen, holdsGpus, thawed } from './resources.ts';

/** Evictions of one pass and tenant: the rest goes with the next. */
const mostEvictions = 50;
/** Names of pods that a condition spells out. */
const mostNamed = 5;

/** Freezes the namespaces of frozen tenants, and thaws every other that is frozen, whoever it belongs to by now. */
export async function markNamespaces(standings: ReadonlyMap<string, Standing>, ctx: Context): Promise<void> {
  for (const { metadata } of ctx.list(Namespace)) {
    if (metadata.deletionTimestamp !== undefined) continue;
    const standing = standings.get(metadata.labels?.[TENANT_LABEL] ?? '');
    const because = isFrozen(standing) ? standing.message : undefined;
    const isMarked = metadata.labels?.[FROZEN_LABEL] !== undefined;
    if (because === undefined ? !isMarked : isMarked && metadata.annotations?.[FROZEN_BECAUSE] === because) continue;
    const key = { name: metadata.name ?? '', uid: metadata.uid };
    await unlessOvertaken(ctx.patch(Namespace, key, because === undefined ? thawed() : frozen(because)));
  }
}

/**
 * Evicts what a tenant holds GPUs with; answers the names of pods that PodDisruptionBudgets keep. One that is kept speaks for
 * the others of its controller until the next pass, so that a large protected set neither costs a request a pod nor stands
 * before the rest.
 */
export async function evictAll(tenant: string, standing: Standing, ctx: Context): Promise<readonly string[]> {
  const pods = ctx
    .list(Namespace)
    .filter(({ metadata }) => metadata.labels?.[TENANT_LABEL] === tenant)
    .flatMap(({ metadata }) => ctx.list(Pod, { namespace: metadata.name ?? '' }))
    .filter(holdsGpus);
  const blocked = new Map<string, string>();
  let evicted = 0;
  for (const pod of pods) {
    if (evicted === mostEvictions) break;
    const owner = ownerOf(pod);
    if (blocked.has(owner)) continue;
    const result = await unlessOvertaken(ctx.evict(pod));
    if (result === 'blocked') blocked.set(owner, `${pod.metadata.namespace}/${pod.metadata.name}`);
    if (result !== 'evicted') continue;
    evicted += 1;
    ctx.event(evictedEvent(pod, tenant, standing));
  }
  return [...blocked.values()].toSorted().slice(0, mostNamed);
}

function ownerOf({ metadata }: Pod): string {
  return metadata.ownerReferences?.find(({ controller }) => controller)?.uid ?? metadata.uid ?? metadata.name ?? '';
}

/** What changed or went since it was looked at is decided about anew by the next pass. */
async function unlessOvertaken<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof NotFound || error instanceof Conflict) return undefined;
    throw error;
  }
}
