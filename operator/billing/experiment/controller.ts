/** Gives new tenants of a plan one of the price lists that are compared, and says who got which. */
import { kinds, type PriceExperiment, type Tenant } from '../../api/index.ts';
import {
  type ConditionIntent,
  type Context,
  type Controller,
  controller,
  type Key,
  type KubeObject,
  type Reader,
} from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { hasOtherArm, type Problem, problemOf, takesPart } from './decide.ts';
import { type Assignment, assign, readAssignments } from './repository.ts';

/** The controller of PriceExperiments. The rest of a Tenant's status is written by others. */
export function priceExperimentController(store: Store): Controller {
  return controller(kinds.PriceExperiment)
    .watches(kinds.PriceExperiment, everyExperiment)
    .watches(kinds.BillingPlan, everyExperiment)
    .watches(kinds.PriceBook, everyExperiment)
    .watches(kinds.Tenant, experimentsOf)
    .may({
      group: 'gpuoptimizer.io',
      resource: 'tenants/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'says which price list an experiment gave a tenant',
    })
    .debounce('1s')
    .every('10m')
    .reconcile(async (experiment, ctx) => {
      const { metadata, spec } = experiment;
      const plan = ctx.get(kinds.BillingPlan, { name: spec.planRef.name });
      const others = ctx.list(kinds.PriceExperiment);
      const problem = problemOf(experiment, { plan, books: ctx.list(kinds.PriceBook), others });
      const tenants = ctx
        .list(kinds.Tenant)
        .filter((tenant) => takesPart(spec, tenant) && !hasOtherArm(experiment, tenant));
      // Until it is said that the experiment runs, nobody waits for an arm: who came before that is charged already.
      if (problem === undefined) await store.fence.within((trx) => assign(trx, experiment, tenants, ctx.now()));
      const assigned = await readAssignments(store.db, metadata.uid ?? '');
      await tell(experiment, tenants, assigned, ctx);
      return { status: { ...countsOf(experiment, assigned), conditions: [condition(problem)] } };
    });
}

/** The tenant's status is what everybody rates him by; the table is what it is made from. */
async function tell(
  { metadata, spec }: PriceExperiment,
  tenants: readonly Tenant[],
  assigned: readonly Assignment[],
  ctx: Context,
): Promise<void> {
  const byUid = new Map(assigned.map((one) => [one.tenantUid, one]));
  for (const tenant of tenants) {
    const own = byUid.get(tenant.metadata.uid ?? '');
    if (own === undefined) continue;
    const { arm, book } = own;
    const said = { name: metadata.name, plan: spec.planRef.name, ...(arm && { arm }), ...(book && { book }) };
    const before = tenant.status?.priceExperiment;
    if (before?.name === said.name && before.plan === said.plan && before.arm === arm && before.book === book) continue;
    const { name } = tenant.metadata;
    await ctx.applyStatus(kinds.Tenant, { metadata: { name }, status: { priceExperiment: said } });
  }
}

function countsOf({ spec }: PriceExperiment, assigned: readonly Assignment[]) {
  const having = assigned.filter(({ arm }) => arm !== undefined);
  const arms = spec.arms.map(({ name }) => ({ name, tenantCount: having.filter(({ arm }) => arm === name).length }));
  return { tenantCount: having.length, arms };
}

function condition(problem: Problem | undefined): ConditionIntent {
  if (problem !== undefined) return { type: 'Ready', status: 'False', ...problem };
  const message = 'new tenants of the plan get an arm; whoever has one keeps it';
  return { type: 'Ready', status: 'True', reason: 'Running', message };
}

function everyExperiment(_changed: KubeObject, reader: Reader): readonly Key[] {
  return reader.list(kinds.PriceExperiment).map(({ metadata }) => ({ name: metadata.name }));
}

function experimentsOf(tenant: Tenant, reader: Reader): readonly Key[] {
  return reader
    .list(kinds.PriceExperiment)
    .filter(({ spec }) => takesPart(spec, tenant))
    .map(({ metadata }) => ({ name: metadata.name }));
}
