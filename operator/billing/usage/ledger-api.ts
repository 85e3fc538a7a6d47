import type { Clock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { billPreview } from '../bill/preview.ts';
import { focusReport } from '../focus/report.ts';
import { reconcileReport } from '../reconcile/report.ts';
import { revenueReport } from '../revenue/report.ts';
import { verifyReport } from '../verify/report.ts';
import { type Handler, reportApi } from './api.ts';
import { usageReport } from './show.ts';

/** Serves every report that a command prints. */
export function ledgerApi(store: Store, clock: Clock): Handler {
  return reportApi([usageReport, verifyReport, reconcileReport, focusReport, billPreview, revenueReport], store, clock);
}
