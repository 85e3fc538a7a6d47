import { periodOf } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { formatDecimal } from '../money/decimal.ts';
import { sealedThrough } from '../usage/query.ts';
import { UsageQuestionError } from '../usage/question.ts';
import { type MovementKind, monthBefore, movementsOf, type Tally } from './movements.ts';
import { type LifetimeInput, lifetimeInputs, type Ratios, ratiosOf } from './ratios.ts';
import { type EarnedRow, readEarned } from './read.ts';

/** Tenants and exact minor units of the currency, twelve places. */
export interface TallyAnswer {
  readonly tenants: number;
  readonly minor: string;
}

/** A model's inputs for one tenant, as in ratios.ts; `totalMinor` in exact minor units. */
export type LifetimeAnswer = Omit<LifetimeInput, 'total'> & { readonly totalMinor: string };

/** The figures of one currency. */
export interface CurrencyRevenue {
  readonly currency: string;
  readonly opening: TallyAnswer;
  readonly movements: Readonly<Record<MovementKind, TallyAnswer>>;
  readonly closing: TallyAnswer;
  /** The part of closing that recurs: the fees of plans, and the tenants that bring some. */
  readonly recurring: TallyAnswer;
  /** What the usage of the last 30 days would bring in 365, and fees and commitments of the last whole month in twelve. */
  readonly annualRunRateMinor: string;
  readonly basisPoints: Ratios;
  readonly lifetimes: readonly LifetimeAnswer[];
}

/** The answer of `gpuopt revenue show`. */
export interface RevenueAnswer {
  /** `2026-01`, a calendar month in UTC. */
  readonly month: string;
  /** Whether everything of the month is sealed. */
  readonly complete: boolean;
  readonly sealedThrough: string | null;
  readonly currencies: readonly CurrencyRevenue[];
}

const day = 86_400_000;
const runDays = 30n;
const yearDays = 365n;
const yearMonths = 12n;

/**
 * The revenue of a month by what the journal says was earned; without a month, the last one that is sealed whole.
 * `now` in milliseconds since 1970. Throws UsageQuestionError for a month that is none or has not begun.
 */
export async function showRevenue(store: Store, asked: string | null | undefined, now: number): Promise<RevenueAnswer> {
  const sealed = await sealedThrough(store);
  const month = asked ? monthOf(asked, now) : monthBefore((sealed ?? new Date(now).toISOString()).slice(0, 7));
  const { end } = periodOf('Month', Date.parse(`${month}-01T00:00:00Z`));
  const until = Math.min(end, sealed === null ? now : Date.parse(sealed));
  const rows = await readEarned(store, new Date(until - Number(runDays) * day), new Date(until));
  const currencies = [...Map.groupBy(rows, ({ currency }) => currency)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const complete = sealed !== null && Date.parse(sealed) >= end;
  const whole = complete ? month : monthBefore(month);
  return {
    month,
    complete,
    sealedThrough: sealed,
    currencies: currencies.map(([currency, own]) => currencyOf(currency, own, { month, whole })),
  };
}

/** `whole` is the last month up to `month` whose fees are posted. */
function currencyOf(
  currency: string,
  rows: readonly EarnedRow[],
  { month, whole }: { readonly month: string; readonly whole: string },
): CurrencyRevenue {
  const figures = movementsOf(rows, month);
  const recent = rows.reduce((sum, row) => sum + row.recent, 0n);
  const monthly = rows.filter((row) => row.month === whole).reduce((sum, row) => sum + row.monthly, 0n);
  const fees = rows.filter((row) => row.month === month && row.fees !== 0n);
  const recurring = { tenants: fees.length, amount: fees.reduce((sum, row) => sum + row.fees, 0n) };
  const { moved } = figures;
  return {
    currency,
    opening: tallyOf(figures.opening),
    movements: {
      ...{ new: tallyOf(moved.new), reactivation: tallyOf(moved.reactivation), expansion: tallyOf(moved.expansion) },
      ...{ contraction: tallyOf(moved.contraction), churn: tallyOf(moved.churn) },
    },
    closing: tallyOf(figures.closing),
    recurring: tallyOf(recurring),
    annualRunRateMinor: formatDecimal((recent * yearDays) / runDays + yearMonths * monthly),
    basisPoints: ratiosOf(figures),
    lifetimes: lifetimeInputs(rows, month).map(({ total, ...one }) => ({ ...one, totalMinor: formatDecimal(total) })),
  };
}

function tallyOf({ tenants, amount }: Tally): TallyAnswer {
  return { tenants, minor: formatDecimal(amount) };
}

function monthOf(text: string, now: number): string {
  const start = /^\d{4}-(0[1-9]|1[0-2])$/.test(text) ? Date.parse(`${text}-01T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(start))
    throw new UsageQuestionError(`--month "${text}" is no month; write year and month, for example 2026-01`);
  if (start > now) throw new UsageQuestionError(`--month ${text} has not begun; name one up to ${isoMonth(now)}`);
  return text;
}

function isoMonth(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}
