/** Applies what people correct in the ledger, each correction once. */
import { kinds } from '../../api/index.ts';
import { type Controller, controller } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { applyCorrection } from './apply.ts';
import { statusOf } from './report.ts';

/** How soon a correction that waits for a seal, a price or an approval is tried again, in milliseconds. */
const againMillis = 60_000;

/** The controller of UsageCorrections. What was applied stands when the object is gone. */
export function usageCorrectionController(store: Store): Controller {
  return controller(kinds.UsageCorrection)
    .every('1h')
    .reconcile(async (correction, ctx) => {
      const outcome = await applyCorrection(store, correction, ctx.now().getTime());
      return { status: statusOf(outcome), after: 'reason' in outcome ? againMillis : undefined };
    });
}
