/** The logical period is the unit of doing something once; Kubernetes may start none or two Jobs for one time. */

/** The units of a schedule. */
export type PeriodUnit = 'Hour' | 'Day' | 'Week' | 'Month';

/**
 * The key of the period that holds `at`: the UTC hour, or the local calendar day, ISO week or month in `timeZone`.
 * A local time that comes twice in autumn is one Day, and two Hours. Throws RangeError for an unknown zone.
 */
export function periodKey(unit: PeriodUnit, at: Date, timeZone: string): string {
  if (unit === 'Hour') return `${at.toISOString().slice(0, 13)}Z`;
  const day = localDay(at, timeZone);
  if (unit === 'Day') return day;
  if (unit === 'Month') return day.slice(0, 7);
  return isoWeek(day);
}

function localDay(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA-u-ca-gregory', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

const dayMillis = 86_400_000;

/** ISO 8601: the week of a day is the week of its Thursday. */
function isoWeek(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(date.getTime() + (3 - weekday) * dayMillis);
  const firstDay = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - firstDay) / dayMillis / 7) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
