import type { Migration } from '../migration.ts';
import { control } from './0001-control.ts';
import { measure } from './0002-measure.ts';
import { money } from './0003-money.ts';
import { growth } from './0010-growth.ts';
import { webhooks } from './0011-webhooks.ts';
import { reconcile } from './0012-reconcile.ts';
import { journal } from './0013-journal.ts';
import { tiers } from './0014-tiers.ts';
import { roleRights } from './0015-roles.ts';
import { restore } from './0016-restore.ts';
import { capacityEnergy } from './0017-capacity-energy.ts';
import { sentBatch } from './0018-sent-batch.ts';
import { unfrozen } from './0019-unfrozen.ts';
import { corrections } from './0020-corrections.ts';
import { credits } from './0021-credits.ts';
import { ratedIncluded } from './0022-rated-included.ts';
import { planTerms } from './0023-plan-terms.ts';
import { invoiceItems } from './0024-invoice-items.ts';
import { experiments } from './0025-experiments.ts';
import { ingestion } from './0026-ingestion.ts';
import { lateUsage } from './0027-late-usage.ts';
import { creditNotes } from './0028-credit-notes.ts';
import { itemPayers } from './0029-item-payers.ts';

/** Every migration; a domain adds its file here. Names decide the order. */
export const migrations: readonly Migration[] = [
  control,
  measure,
  money,
  growth,
  webhooks,
  reconcile,
  journal,
  tiers,
  roleRights,
  restore,
  capacityEnergy,
  sentBatch,
  unfrozen,
  corrections,
  credits,
  ratedIncluded,
  planTerms,
  invoiceItems,
  experiments,
  ingestion,
  lateUsage,
  creditNotes,
  itemPayers,
];
