import type { Shown } from '../exchange.ts';
import type { World } from '../world.ts';
import { refreshed } from './build.ts';
import type { Invoice, InvoiceLine } from './records.ts';

/** An invoice as Stripe answers it: lines as a list, the subscription under `parent`, drafts with the latest usage. */
export function shown(world: World, stored: Invoice): Shown {
  const { lines, usage: _usage, subscription, days_until_due: _days, ...rest } = refreshed(world, stored);
  const metadata = world.state.get('subscription', subscription ?? '')?.metadata ?? {};
  return {
    ...rest,
    amount_overpaid: 0,
    hosted_invoice_url: rest.number === null ? null : `${world.address()}/_peer/invoices/${rest.id}`,
    lines: {
      object: 'list',
      data: lines.map((line) => shownLine(rest.id, line)),
      has_more: false,
      total_count: lines.length,
      url: `/v1/invoices/${rest.id}/lines`,
    },
    parent:
      subscription === null
        ? null
        : { type: 'subscription_details', quote_details: null, subscription_details: { metadata, subscription } },
  };
}

/** A line as Stripe answers it. */
export function shownLine(invoice: string, line: InvoiceLine): object {
  return { ...line, invoice, subscription: line.parent.subscription_item_details?.subscription ?? null };
}
