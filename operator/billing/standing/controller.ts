/** Keeps each tenant as free as its budgets and invoices allow: warned, frozen, evicted, and free again by itself. */
import { kinds, type Tenant } from '../../api/index.ts';
import { Namespace, Pod } from '../../kube/index.ts';
import { type Context, type Controller, type Reader, singleton } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { planOf } from '../plan/agreed.ts';
import { type Demand, decide, type Standing } from './decide.ts';
import { budgetDemand, dunningDemand, type Unpaid } from './demands.ts';
import { evictAll, markNamespaces } from './enact.ts';
import { standingEvent } from './events.ts';
import { report, type StandingStatus } from './report.ts';
import { askAgain, readUnpaid } from './unpaid.ts';

/** The controller of standings. The rest of a Tenant's status is written by others. */
export function standingController(store: Store): Controller {
  return singleton('standing')
    .watches(kinds.Tenant, { when: (now, before) => now.metadata.generation !== before?.metadata.generation })
    .watches(kinds.Budget)
    .watches(kinds.BillingPlan)
    .watches(Namespace)
    .reads(Pod)
    .may({
      group: 'gpuoptimizer.io',
      resource: 'tenants/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'reports how a tenant stands by what it spends and pays',
    })
    .may({
      group: '',
      resource: 'namespaces',
      verbs: ['patch'],
      in: 'cluster',
      why: 'freezes the namespaces of a tenant, so that the admission policy lets no GPU pod in',
    })
    .may({
      group: '',
      resource: 'pods/eviction',
      verbs: ['create'],
      in: 'cluster',
      why: 'evicts the GPU pods of a tenant that was frozen for longer than its BillingPlan allows',
    })
    .debounce('1s')
    .every('10s')
    .reconcile(async (ctx) => {
      const now = ctx.now().getTime();
      const unpaid = await readUnpaid(store);
      await askAgain(store, unpaid, now);
      const tenants = ctx.list(kinds.Tenant).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const standings = new Map(
        tenants.flatMap((tenant) => {
          const standing = standingOf(tenant, unpaid, ctx, now);
          return standing === undefined ? [] : [[tenant.metadata.name, standing] as const];
        }),
      );
      await markNamespaces(standings, ctx);
      for (const tenant of tenants) await settle(tenant, standings.get(tenant.metadata.name), ctx);
      return {};
    });
}

function standingOf(tenant: Tenant, unpaid: readonly Unpaid[], reader: Reader, now: number): Standing | undefined {
  const { name } = tenant.metadata;
  const { dunning, evictAfterSeconds } = planOf(tenant, reader)?.spec ?? {};
  const budgets = reader.list(kinds.Budget).filter(({ spec }) => spec.tenantRef.name === name);
  const owed = dunning === undefined ? [] : unpaid.filter((one) => one.tenant === name);
  const demands: readonly (Demand | undefined)[] = [
    ...budgets.map(budgetDemand),
    ...owed.map((one) => dunningDemand(dunning ?? [], one, now)),
  ];
  return decide(
    demands.filter((demand) => demand !== undefined),
    evictAfterSeconds === undefined ? undefined : evictAfterSeconds * 1000,
    tenant.status?.standing,
    now,
  );
}

/** Evicts where it has come to that, and says how the tenant stands. One that never was limited gets no status of ours. */
async function settle(tenant: Tenant, standing: Standing | undefined, ctx: Context): Promise<void> {
  const { name } = tenant.metadata;
  const isKnown = tenant.status?.conditions?.some(({ type }) => type === 'GoodStanding') === true;
  if (standing === undefined && !isKnown) return;
  const blocked = standing?.step === 'Evicting' ? await evictAll(name, standing, ctx) : [];
  const event = standingEvent(tenant, standing);
  if (event !== undefined) ctx.event(event);
  const status: StandingStatus = report(tenant, standing, blocked, ctx.now());
  await ctx.applyStatus(kinds.Tenant, { metadata: { name }, status });
}
