import type { Command } from 'commander';

import { parseDecimal } from '../money/decimal.ts';
import { toMajor } from '../money/price.ts';
import { answer, type ReportOptions, type UsageCommandDeps, withSource } from '../usage/command-frame.ts';
import { tableLines } from '../usage/tables.ts';
import { movementKinds } from './movements.ts';
import { revenueReport } from './report.ts';
import type { CurrencyRevenue, RevenueAnswer, TallyAnswer } from './revenue.ts';

const help = `
Revenue is what the journal says was earned by usage whose windows ended in the calendar month (UTC) and by the month's
fees and commitments, before credit and tax. Fees are what recurs of it; they are posted once the month is sealed whole. A
correction of an earlier month changes that month. Opening, new, reactivation, expansion, contraction and churn add up to
closing, exactly. The run-rate is what the usage of the last 30 sealed days would bring in 365, and fees and commitments
of the last whole month in twelve. --json also has each tenant's inputs to a model of lifetime value: frequency, recency,
age, total.

Exit codes: 0 good, 2 wrong usage, 3 store or operator unreachable.

Example:
  gpuopt revenue show --month 2026-01 --server http://127.0.0.1:8081`;

/** Adds `revenue show` to the program. */
export function registerRevenue(program: Command, deps: UsageCommandDeps): void {
  const show = program
    .command('revenue')
    .description('what usage and plans bring')
    .command('show')
    .description("a month's revenue, how it follows from the month before, run-rate, churn and retention");
  withSource(show)
    .option('--month <month>', 'calendar month, for example 2026-01; default: the last one that is sealed whole')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (options: ReportOptions) => {
      deps.exit(await answer({ report: revenueReport, text: revenueTable, isGood: () => true }, options, deps));
    });
}

/** The figures as tables for people. */
export function revenueTable({ month, complete, sealedThrough, currencies }: RevenueAnswer): string {
  const state = complete ? '' : ', which is not sealed whole yet';
  const head = `Revenue of ${month}${state}; sealed through ${sealedThrough ?? 'nothing yet'}`;
  if (currencies.length === 0) return `${head}\nNothing was earned until then.\n`;
  return [head, ...currencies.map(currencyTable), ''].join('\n');
}

function currencyTable(of: CurrencyRevenue): string {
  const { currency, opening, movements, closing, recurring, annualRunRateMinor, basisPoints } = of;
  const line = (name: string, { tenants, minor }: TallyAnswer): readonly string[] => [
    ...[name, String(tenants), toMajor(parseDecimal(minor), currency)],
  ];
  const rows = [
    line('Opening', opening),
    ...movementKinds.map((kind) => line(kind[0]?.toUpperCase() + kind.slice(1), movements[kind])),
    line('Closing', closing),
    line('Recurring', recurring),
  ];
  const { customerChurn, revenueChurn, netRetention } = basisPoints;
  return [
    '',
    ...tableLines([currency.toUpperCase(), 'TENANTS', 'AMOUNT'], rows),
    `Annual run-rate: ${toMajor(parseDecimal(annualRunRateMinor), currency)}`,
    `Churn: ${percent(customerChurn)} of tenants, ${percent(revenueChurn)} of revenue; net retention ${percent(netRetention)}`,
  ].join('\n');
}

function percent(basisPoints: number | undefined): string {
  return basisPoints === undefined ? 'unknown' : `${(basisPoints / 100).toFixed(2)} %`;
}
