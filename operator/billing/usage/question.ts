import type { UsageQuestion } from './query.ts';

/**
 * A question that cannot be answered as it stands.
 * @remedy correct the option that the sentence names
 */
export class UsageQuestionError extends Error {
  override readonly name = 'UsageQuestionError';
  readonly code = 'UsageQuestion';
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;

/** Reads tenant and times; without times, the calendar month of `now` in UTC up to `now`. */
export function questionOf(
  asked: { readonly tenant?: string | null; readonly from?: string | null; readonly to?: string | null },
  now: number,
): UsageQuestion {
  if (!asked.tenant) throw new UsageQuestionError('name the tenant with --tenant, for example --tenant acme');
  return { tenant: asked.tenant, ...timesOf(asked, now) };
}

/** Reads times; without them, the calendar month of `now` in UTC up to `now`. */
export function timesOf(
  asked: { readonly from?: string | null; readonly to?: string | null },
  now: number,
): Pick<UsageQuestion, 'from' | 'to'> {
  const present = new Date(now);
  const month = new Date(Date.UTC(present.getUTCFullYear(), present.getUTCMonth(), 1));
  const from = time('--from', asked.from) ?? month.toISOString();
  const to = time('--to', asked.to) ?? present.toISOString();
  if (from > to) throw new UsageQuestionError(`--from ${from} is after --to ${to}; times are half-open [from, to)`);
  return { from, to };
}

function time(option: string, text: string | null | undefined): string | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  if (rfc3339.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new UsageQuestionError(`${option} "${text}" is no RFC 3339 time; write for example 2026-01-31T00:00:00Z`);
}
