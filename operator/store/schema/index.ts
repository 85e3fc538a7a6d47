import type { ControlSchema } from './control.ts';
import type { GrowthSchema } from './growth.ts';
import type { JournalSchema } from './journal.ts';
import type { MeasureSchema } from './measure.ts';
import type { MoneySchema } from './money.ts';
import type { ReconcileSchema } from './reconcile.ts';
import type { WebhookSchema } from './webhooks.ts';

/** Every table of the database; a domain adds its own file and its name here. */
export interface Schema
  extends ControlSchema,
    MeasureSchema,
    MoneySchema,
    GrowthSchema,
    WebhookSchema,
    JournalSchema,
    ReconcileSchema {}
