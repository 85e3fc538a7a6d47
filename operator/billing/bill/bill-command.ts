import type { Command } from 'commander';

import { answer, type ReportOptions, type UsageCommandDeps, withSource } from '../usage/command-frame.ts';
import { tableLines } from '../usage/tables.ts';
import type { ItemLine } from './items.ts';
import { type BillPreview, billPreview } from './preview.ts';

const help = `
Sealed windows of the current period: that of the tenant's subscription at the provider, else the calendar month in UTC.
A line for each SKU and version of the price list; the total rounds the exact sum, not the lines.
Then the fee and the commitment of the tenant's plans, for the calendar months (UTC) that end in the period; of a month
that runs as though he stayed on his plan until its end and used nothing more. Then usage of earlier months that became
known when their invoices were final, where the plan bills it on the next.

Exit codes: 0 good, 1 usage of the period has no price, 2 wrong usage, 3 store or operator unreachable.

Example:
  gpuopt bill preview --tenant acme --server http://127.0.0.1:8081`;

/** Adds `bill preview` to the program. */
export function registerBill(program: Command, deps: UsageCommandDeps): void {
  const bill = program.command('bill').description('what tenants will be charged');
  const preview = bill
    .command('preview')
    .description('what a tenant has used in the current period, and what it costs')
    .requiredOption('--tenant <name>', 'name of the Tenant');
  withSource(preview)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (options: ReportOptions) => {
      const isGood = ({ unpriced }: BillPreview): boolean => unpriced === '0';
      deps.exit(await answer({ report: billPreview, text: billTable, isGood }, options, deps));
    });
}

/** The preview as a table for people. */
export function billTable(bill: BillPreview): string {
  const { tenant, from, to, sealedThrough, lines, unpriced, items, credits, totals, payable } = bill;
  const head = ['SKU', 'PRICE LIST', 'GPU-SECONDS', 'PER SECOND (MINOR)', 'AMOUNT', 'CURRENCY'];
  const body = lines.map((line) => [
    ...[line.sku, `${line.book} v${line.version}`, line.quantity],
    ...[line.tiered ? 'tiers' : line.unitPrice, line.amount, line.currency],
  ]);
  return [
    `Tenant ${tenant}, [${from}, ${to}), sealed through ${sealedThrough ?? 'nothing yet'}`,
    ...tableLines(head, body),
    ...items.map(itemText),
    ...(unpriced === '0' ? [] : [`Without a price: ${unpriced} GPU-seconds`]),
    ...totals.map(({ amount, currency }) => `Total: ${amount} ${currency}`),
    ...credits.map(({ grant, amount, currency }) => `Credit ${grant}: ${amount} ${currency}`),
    ...(credits.length === 0 ? [] : payable.map(({ amount, currency }) => `Payable: ${amount} ${currency}`)),
    '',
  ].join('\n');
}

function itemText({ kind, plan, from, amount, currency }: ItemLine): string {
  const month = from.slice(0, 7);
  const what = {
    fee: `Fee of plan ${plan} for ${month}`,
    minimum: `Up to the minimum of ${month}`,
    maximum: `Above the maximum of ${month}`,
    late: `Late usage of ${month}`,
  };
  return `${what[kind]}: ${amount} ${currency}`;
}
