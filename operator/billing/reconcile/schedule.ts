/** When which sums are compared with a provider; pure. */

/** What one comparison covers. */
export interface Scope {
  /** `hour`, `day`, or `invoice/` and the invoice's id. */
  readonly name: string;
  /** Half-open, unix seconds, aligned with the grain. */
  readonly from: number;
  readonly to: number;
  readonly grain: 'hour' | 'day';
  /** Only this customer; all where absent. */
  readonly customer?: string;
}

/** A draft invoice as the mirror has it; times in milliseconds since 1970. */
export interface Draft {
  readonly invoice: string;
  readonly customer: string;
  readonly start: number;
  readonly end: number;
}

const hour = 3600;
const day = 86_400;
/** Young hours are looked at hourly, for 26 hours: a day and the hours that a late seal may take. */
const youngHours = 26;
/** The provider takes usage of the last 35 days: what is older could not be corrected. */
const keptDays = 35;

/** The comparisons that are due. `last` tells when the last one of a name began, in milliseconds since 1970. */
export function dueScopes(
  now: number,
  drafts: readonly Draft[],
  last: (name: string) => number | undefined,
): readonly Scope[] {
  const seconds = Math.floor(now / 1000);
  const thisHour = seconds - (seconds % hour);
  const today = seconds - (seconds % day);
  const young: Scope = { name: 'hour', from: thisHour - youngHours * hour, to: thisHour + hour, grain: 'hour' };
  const kept: Scope = { name: 'day', from: today - (keptDays - 1) * day, to: today + day, grain: 'day' };
  const isDue = (name: string, every: number): boolean =>
    now - (last(name) ?? Number.NEGATIVE_INFINITY) >= every * 1000;
  const invoices = drafts.filter(({ invoice }) => last(`invoice/${invoice}`) === undefined);
  return [
    ...invoices.map((draft) => periodOf(draft, kept)).filter(({ from, to }) => from < to),
    ...(isDue('hour', hour) ? [young] : []),
    ...(isDue('day', day) ? [kept] : []),
  ];
}

/** The days of a draft's period that can still be corrected. */
function periodOf({ invoice, customer, start, end }: Draft, kept: Scope): Scope {
  const first = Math.floor(start / 1000);
  const last = Math.ceil(end / 1000);
  const from = Math.max(kept.from, first - (first % day));
  const to = Math.min(kept.to, last + ((day - (last % day)) % day));
  return { name: `invoice/${invoice}`, from, to, grain: 'day', customer };
}
