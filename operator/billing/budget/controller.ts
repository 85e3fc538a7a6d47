/** Counts what tenants spend against their budgets, on sealed windows and running allocations alike. */
import { type Budget, type BudgetStatus, kinds, type Tenant } from '../../api/index.ts';
import { periodOf, readSeen } from '../../metering/index.ts';
import {
  type Context,
  type Controller,
  controller,
  type Key,
  type Outcome,
  type Reader,
  Waiting,
} from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { minorOf } from '../money/price.ts';
import { bookOf } from '../plan/agreed.ts';
import { reached, recountIn } from './decide.ts';
import { counted, refused } from './report.ts';
import { readSpend } from './spend.ts';

/** A count that would rest on an older look at the pods is not made, in milliseconds. */
const staleMillis = 300_000;
const againMillis = 10_000;

/** The controller of Budgets. What follows from a step is for the tenant's standing to say. */
export function budgetController(store: Store): Controller {
  return controller(kinds.Budget)
    .watches(kinds.Tenant, budgetsOf, { when: isChanged })
    .reads(kinds.BillingPlan)
    .reads(kinds.PriceExperiment)
    .every('1m')
    .reconcile(async (budget, ctx) => await count(store, budget, ctx));
}

async function count(store: Store, budget: Budget, ctx: Context): Promise<Outcome<BudgetStatus>> {
  const { tenantRef, steps, currency } = budget.spec;
  const tenant = ctx.get(kinds.Tenant, tenantRef);
  if (tenant === undefined) {
    const message = `there is no Tenant ${tenantRef.name}; create it or correct spec.tenantRef`;
    return { status: refused('TenantMissing', message) };
  }
  const now = ctx.now().getTime();
  const seen = await readSeen(store);
  if (seen === undefined || now - seen > staleMillis) {
    const message = 'metering has not looked at the pods for five minutes; nothing new is done until it has';
    throw new Waiting('UsageNotSeen', message, againMillis);
  }
  const period = periodOf(budget.spec.period, now);
  const at = Math.min(now, Math.max(seen, period.start));
  const book = bookOf(tenant, ctx);
  const span = { start: period.start, end: at };
  const spend = book === undefined ? undefined : await readSpend(store, { tenant: tenantRef.name, book, span });
  if (spend === undefined) {
    const message = `Tenant ${tenantRef.name} has no prices in force; give it a planRef or spec.billing.book whose PriceBook is in force`;
    return { status: refused('NoPrices', message), after: againMillis };
  }
  if (spend.currency !== currency) {
    const message = `Tenant ${tenantRef.name} pays in ${spend.currency}, the budget is in ${currency}; state it in ${spend.currency}`;
    return { status: refused('CurrencyDiffers', message), after: againMillis };
  }
  const amount = minorOf(budget.spec.amount, currency);
  const action = reached(steps, spend.amount, amount);
  return {
    status: counted({ budget, period, at, spend, action }),
    after: recountIn(steps, spend.amount, spend.perSecond, amount),
  };
}

function budgetsOf(tenant: Tenant, reader: Reader): readonly Key[] {
  return reader
    .list(kinds.Budget)
    .filter(({ spec }) => spec.tenantRef.name === tenant.metadata.name)
    .map(({ metadata }) => ({ name: metadata.name }));
}

function isChanged(now: Tenant, before: Tenant): boolean {
  return now.metadata.generation !== before.metadata.generation;
}
