import type { BillingProvider } from '../../api/index.ts';
import { Secret } from '../../kube/index.ts';
import type { Context, Permission } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { keyOf } from '../provider/key.ts';
import type { ProviderCatalog } from '../sinks/catalog.ts';
import type { Sinks } from '../sinks/registry.ts';
import { stripeCatalog } from '../sinks/stripe/catalog.ts';

/** What the controllers of catalog and customers work with. */
export interface CatalogDeps {
  readonly store: Store;
  readonly sinks: Sinks;
  readonly operatorNamespace: string;
}

/** Annotation on a BillingProvider: another value of it has its catalog compared now and not within ten minutes. */
const lookAgain = 'gpuoptimizer.io/compare-catalog';

/** What both need to read the key. */
export const readsKey: Permission = {
  group: '',
  resource: 'secrets',
  verbs: ['get'],
  in: 'operator',
  why: 'reads the API key that a BillingProvider names',
};

/** The catalog of a provider that is open, which means that its key, mode and account were checked; else undefined. */
export async function openCatalog(
  { sinks, operatorNamespace }: CatalogDeps,
  { metadata, spec }: BillingProvider,
  ctx: Context,
): Promise<ProviderCatalog | undefined> {
  const entry = sinks.open().find(([name]) => name === metadata.name)?.[1];
  if (entry === undefined) return undefined;
  const checked = await keyOf(spec, (name) => ctx.live.get(Secret, { namespace: operatorNamespace, name }));
  if (checked.kind === 'bad') return undefined;
  return stripeCatalog({ key: checked.key, endpoint: spec.endpoint }, () => entry.pace(ctx.signal));
}

/** Whether a provider was Ready when it was last reported on: then a process that has just begun will open it soon. */
export function isReady(provider: BillingProvider): boolean {
  return statusOf(provider, 'Ready') === 'True';
}

/** Whether catalog or customers are to be looked at again. Other news of a provider, such as its rows, comes all the time. */
export function standsOtherwise(now: BillingProvider, before: BillingProvider | undefined): boolean {
  if (before === undefined || now.metadata.generation !== before.metadata.generation) return true;
  if (now.metadata.annotations?.[lookAgain] !== before.metadata.annotations?.[lookAgain]) return true;
  return ['Ready', 'CatalogInStep'].some((type) => statusOf(now, type) !== statusOf(before, type));
}

function statusOf({ status }: BillingProvider, type: string): string | undefined {
  return status?.conditions?.find((one) => one.type === type)?.status;
}
