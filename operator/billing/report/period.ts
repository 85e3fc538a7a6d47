import type { UsageReportSpec } from '../../api/index.ts';
import type { Period } from '../../metering/index.ts';

/** The span of a report's period; one that the API server took names a month, or both ends. */
export function spanOf({ month, fromTime = '', toTime = '' }: UsageReportSpec['period']): Period {
  if (month === undefined) return { start: Date.parse(fromTime), end: Date.parse(toTime) };
  const [year = 0, number = 0] = month.split('-').map(Number);
  return { start: Date.UTC(year, number - 1, 1), end: Date.UTC(year, number, 1) };
}

/** A moment in RFC 3339, with milliseconds where it has some: a window may be cut anywhere. */
export function instant(millis: number): string {
  return new Date(millis).toISOString().replace('.000Z', 'Z');
}
