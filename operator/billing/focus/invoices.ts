import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';

/** A final invoice of a subscription; times in milliseconds since 1970. */
export interface FinalInvoice {
  readonly provider: string;
  readonly customer: string;
  readonly id: string;
  readonly start: number;
  readonly end: number;
  /** When we first knew that it is final: what is charged later is not on it. */
  readonly closedAt: number;
}

/** Every final invoice whose period touches [from, to). Drafts still take usage; invoices without a subscription have none. */
export async function readInvoices({ db }: Store, from: Date, to: Date): Promise<readonly FinalInvoice[]> {
  const rows = await db
    .selectFrom('invoice_mirror as m')
    .select(['m.provider', 'm.customer', 'm.invoice', 'm.period_start', 'm.period_end', 'm.read_at'])
    // An invoice of nothing has no place in the journal: then its last reading is all that is known.
    .select(
      sql<Date | null>`(SELECT min(t.recorded_at) FROM journal_tx AS t
        WHERE starts_with(t.key, 'invoice/' || m.provider || '/' || m.invoice || '/'))`.as('posted'),
    )
    .where('m.status', 'in', ['open', 'paid', 'uncollectible'])
    .where('m.subscription', 'is not', null)
    .where('m.period_start', '<', to)
    .where('m.period_end', '>', from)
    .orderBy('m.period_start')
    .orderBy('m.invoice')
    .execute();
  return rows.map(({ provider, customer, invoice, period_start, period_end, posted, read_at }) => ({
    ...{ provider, customer, id: invoice, start: period_start.getTime(), end: period_end.getTime() },
    closedAt: (posted ?? read_at).getTime(),
  }));
}

/** A charge as an invoice sees it; times in milliseconds since 1970. */
export interface Invoiceable {
  readonly provider?: string;
  readonly customer?: string;
  readonly end: number;
  /** Whether the provider counts it. */
  readonly delivered: boolean;
  /** Whether it is billed by an item on a later invoice. */
  readonly late?: boolean;
  /** When it was charged. */
  readonly chargedAt: number;
}

/** The invoice of a charge's period, and whether the charge came too late for it and so corrects it. */
export function placeOn(
  charge: Invoiceable,
  invoices: readonly FinalInvoice[],
): { readonly invoice?: FinalInvoice; readonly correctedAt?: number } {
  // The provider counts a window in its last second.
  const at = charge.end - 1000;
  const found = invoices.find(
    ({ provider, customer, start, end }) =>
      provider === charge.provider && customer === charge.customer && start <= at && at < end,
  );
  if (found === undefined) return {};
  if (charge.late === true || charge.chargedAt > found.closedAt) {
    return { correctedAt: Math.max(charge.chargedAt, found.closedAt) };
  }
  return charge.delivered ? { invoice: found } : {};
}
