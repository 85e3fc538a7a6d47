/** Counts what each tenant with a budget of GPU-hours has used, and says in its status when it is spent. */
import { kinds } from '../../api/index.ts';
import { type Controller, controller } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { readSeen } from '../repository.ts';
import { periodOf } from './period.ts';
import { readUsedSeconds } from './read.ts';
import { type BudgetStatus, budgetStatus } from './report.ts';

/** A count that would rest on an older look at the pods is not made, in milliseconds: an old status holds nobody for long. */
const STALE_MILLIS = 300_000;
/** How soon a pass that could not see well is followed by another, in milliseconds. */
const AGAIN_MILLIS = 10_000;

/** The controller of budgets. The rest of a Tenant's status is written by others. */
export function gpuHoursController(store: Store): Controller {
  return controller(kinds.Tenant, 'gpuhours')
    .withoutStatus()
    .may({
      group: 'gpuoptimizer.io',
      resource: 'tenants/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'reports the GPU-hours of tenants that have a budget, and when it is spent',
    })
    .every('1m')
    .reconcile(async (tenant, ctx) => {
      const { name } = tenant.metadata;
      const write = async (status: BudgetStatus): Promise<void> => {
        await ctx.applyStatus(kinds.Tenant, { metadata: { name }, status });
      };
      const budget = tenant.spec.gpuHours;
      if (budget === undefined) {
        if (tenant.status?.gpuHours !== undefined) await write({ freezes: [] });
        return undefined;
      }
      const now = ctx.now().getTime();
      const seen = await readSeen(store);
      if (seen === undefined || now - seen > STALE_MILLIS) return { after: AGAIN_MILLIS };
      const period = periodOf(budget.period, now);
      const at = Math.min(now, Math.max(seen, period.start));
      const usedSeconds = await readUsedSeconds(store, name, { start: period.start, end: at });
      await write(budgetStatus({ budget, period, usedSeconds, at }, tenant.status));
      return {};
    });
}
