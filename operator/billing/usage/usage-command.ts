import { type Command, Option } from 'commander';

import { focusReport } from '../focus/report.ts';
import { type ReconcileAnswer, reconcileReport } from '../reconcile/report.ts';
import { verifyReport } from '../verify/report.ts';
import type { VerifyAnswer } from '../verify/verify.ts';
import { answer, type ReportOptions, type UsageCommandDeps, withSource, withTimes } from './command-frame.ts';
import type { MeterUsage, UsageAnswer } from './query.ts';
import { usageReport } from './show.ts';
import { tableLines } from './tables.ts';

const help = `
The embedded database belongs to the running operator: ask the operator (--server, or GPUOPT_SERVER).
With PostgreSQL (--database-url), or while the operator does not run (--data-dir), the database is read directly.
Windows are UTC hours unless the operator runs with --window-seconds; usage shows when its window is sealed.

Exit codes: 0 good, 1 rows were rejected or are held for a person, 2 wrong usage, 3 store or operator unreachable.

Example:
  gpuopt usage show --tenant acme --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --server http://127.0.0.1:8081`;

const verifyHelp = `
Recomputes each tenant's hash chain, each sealed window from the intervals in which pods held GPUs, each price, each
charge, each row that is sent, and what was posted of the fees and commitments of settled months. Nothing is written, and
an operator that works on the same ledger is not kept waiting.
The answer names the last hash of each chain: kept elsewhere, it shows a tail that was cut off with all that it rests on.

Exit codes: 0 everything fits, 1 something does not, 2 wrong usage, 3 store or operator unreachable.

Example:
  gpuopt usage verify --database-url postgres://gpuopt@db/gpuopt --json`;

const reconcileHelp = `
The operator compares every hour with the provider's own sums, hourly for 26 hours and daily for 35 days, and corrects
small differences by itself. This shows what is not settled.

Exit codes: 0 nothing is open, 1 a difference or a held row remains, 2 wrong usage, 3 store or operator unreachable.

Example:
  gpuopt usage reconcile --json --server http://127.0.0.1:8081`;

const exportHelp = `
FOCUS 1.2 with AllocatedMethodId of 1.3: a row for each charged usage window, in exact decimals of the currency. Where a
price list has idle, also rows for the GPU time that nobody held; they are billed to nobody. x_EnergyKWh is that of the
GPUs, x_CO2e is in grams; both are empty where not every moment was measured.

Exit codes: 0 good, 2 wrong usage, 3 store or operator unreachable.

Example:
  gpuopt usage export --format focus --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z > focus.csv`;

/** Adds `usage` and its commands to the program. */
export function registerUsage(program: Command, deps: UsageCommandDeps): void {
  const usage = program.command('usage').description('what tenants used, and what became of it');
  const show = usage
    .command('show')
    .description("a tenant's sealed usage, what of it was delivered to the billing provider, and what it costs")
    .requiredOption('--tenant <name>', 'name of the Tenant');
  withSource(withTimes(show))
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (options: ReportOptions) => {
      const isGood = ({ meters }: UsageAnswer): boolean =>
        meters.every(({ held, rejected }) => held === '0' && rejected === '0');
      deps.exit(await answer({ report: usageReport, text: table, isGood }, options, deps));
    });
  withSource(usage.command('verify').description('recompute the whole ledger from the intervals'))
    .option('--json', 'print JSON')
    .addHelpText('after', verifyHelp)
    .action(async (options: ReportOptions) => {
      const isGood = ({ mismatches }: VerifyAnswer): boolean => mismatches.length === 0;
      deps.exit(await answer({ report: verifyReport, text: verified, isGood }, options, deps));
    });
  withSource(usage.command('reconcile').description('where the sums of the billing provider are not ours'))
    .option('--json', 'print JSON')
    .addHelpText('after', reconcileHelp)
    .action(async (options: ReportOptions) => {
      const isGood = ({ drift, held }: ReconcileAnswer): boolean => drift.length === 0 && held === '0';
      deps.exit(await answer({ report: reconcileReport, text: reconciled, isGood }, options, deps));
    });
  const exported = usage
    .command('export')
    .description('charged usage for other programs')
    .addOption(new Option('--format <format>', 'form of the rows').choices(['focus']).makeOptionMandatory())
    .option('--tenant <name>', 'only this Tenant; default: all');
  withSource(withTimes(exported))
    .addHelpText('after', exportHelp)
    .action(async (options: ReportOptions) => {
      deps.exit(await answer({ report: focusReport, text: ({ csv }) => csv, isGood: () => true }, options, deps));
    });
}

const columns = [
  'quantity',
  'estimated',
  'unpriced',
  'accepted',
  'pending',
  'ambiguous',
  'held',
  'late',
  'rejected',
] as const;

function table({ tenant, from, to, sealedThrough, meters, costs, energy }: UsageAnswer): string {
  const head = ['METER', ...columns.map((column) => column.toUpperCase())];
  const body = meters.map((meter) => [
    meter.meter,
    ...columns.map((column): MeterUsage[typeof column] => meter[column]),
  ]);
  const cost =
    costs.length === 0
      ? 'nothing is priced yet'
      : costs.map(({ currency, amount }) => `${amount} ${currency}`).join(', ');
  return [
    `Tenant ${tenant}, [${from}, ${to}), sealed through ${sealedThrough ?? 'nothing yet'}, in GPU-seconds`,
    ...tableLines(head, body),
    `Cost: ${cost}`,
    `Energy: ${energyText(energy)}`,
    '',
  ].join('\n');
}

function energyText({ kWh, gco2e, windows, measuredWindows }: UsageAnswer['energy']): string {
  if (kWh === null) return 'not measured';
  const known = `${kWh} kWh in ${measuredWindows} of ${windows} windows`;
  return gco2e === null ? known : `${known}, ${gco2e} g CO2e`;
}

function verified({ windows, chains, mismatches, heads }: VerifyAnswer): string {
  const head = ['TENANT', 'METER', 'WINDOW', 'KIND', 'EXPECTED', 'FOUND'];
  const rows = mismatches.map((one) => [
    ...[one.tenant, one.meter, one.windowStart, one.kind],
    ...[one.expected, one.found],
  ]);
  const found = mismatches.length === 0 ? ['Everything fits.'] : tableLines(head, rows);
  const tails = heads.map(({ tenant, hash }) => `${tenant} ends with ${hash}`);
  return [`${windows} usage windows in ${chains} chains`, ...found, ...tails, ''].join('\n');
}

function reconciled({ checked, drift, held }: ReconcileAnswer): string {
  const head = ['TENANT', 'METER', 'HOUR', 'OURS', 'THEIRS', 'ACTION'];
  const rows = drift.map((one) => [one.tenant, one.meter, one.hour, one.ours, one.theirs, one.action]);
  const open =
    drift.length === 0 ? ['No sum differs.'] : [...tableLines(head, rows), ...drift.map(({ reason }) => reason)];
  return [`${checked} sums compared in the last hourly comparison, ${held} rows held`, ...open, ''].join('\n');
}
