/** Records each reported period once, when it is sealed, and from then on holds the ledger against the record. */
import { kinds, type UsageRecord } from '../../api/index.ts';
import type { Registry } from '../../observability/index.ts';
import { type Controller, controller } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { changedMeanwhile, obstacle } from './decide.ts';
import { cutEvent } from './events.ts';
import { createReportMetrics } from './metrics.ts';
import { spanOf } from './period.ts';
import { missingHeads, readFacts } from './read.ts';
import { readRecord } from './record.ts';
import { recorded, unrecorded } from './report.ts';

/** The controller of UsageReports. It writes nothing to the store. */
export function usageReportController(store: Store, registry: Registry): Controller {
  const checks = createReportMetrics(registry);
  return (
    controller(kinds.UsageReport)
      .every('1h')
      // A month of a large cluster is exported once, day by day.
      .timeout('30m')
      .reconcile(async (report, ctx) => {
        const before = report.status?.record;
        if (before !== undefined) {
          const missing = await missingHeads(store, before.heads);
          checks.inc({ result: missing.length === 0 ? 'found' : 'cut' });
          const event = cutEvent(report, missing);
          if (event !== undefined) ctx.event(event);
          return { status: recorded(before, missing) };
        }
        const asked = { ...spanOf(report.spec.period), tenant: report.spec.tenantRef?.name };
        const now = ctx.now().getTime();
        const found = obstacle(asked, await readFacts(store, asked), now);
        if (found !== undefined) return { status: unrecorded(found), after: found.after };
        const record: UsageRecord | undefined = await readRecord(store, asked, now, ctx.signal);
        if (record === undefined) return { status: unrecorded(changedMeanwhile), after: changedMeanwhile.after };
        const { rows, sha256, heads, headsLeftOut } = record;
        ctx.log.info({ rows, sha256, heads, headsLeftOut }, 'usage of a period is recorded');
        return { status: recorded(record, []) };
      })
  );
}
