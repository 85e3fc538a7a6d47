/** Minutes, hours, days and so on at which a schedule is due. */
interface Fields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Whether day and day of week are both restricted: then either is enough [POSIX crontab]. */
  readonly either: boolean;
}

/** A schedule in five fields and a zone. */
export interface CronSchedule {
  /** Start of the minutes in the half-open span at which it is due, at most `most` of them, in milliseconds since the epoch. */
  readonly between: (from: number, to: number, most: number) => readonly number[];
}

/**
 * A schedule that cannot be read; the message names the value and says what to write.
 * @remedy write five fields of a cron expression, such as 0 8 * * 1-5
 */
export class CronError extends Error {
  override readonly name = 'CronError';
  readonly code = 'CronInvalid';
}

const RANGES = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12 },
  { name: 'day of week', min: 0, max: 7 },
] as const;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * Reads minute, hour, day, month and day of week, each a list of numbers, ranges and steps. Throws CronError where the
 * text or the zone means nothing. A minute that a change of clocks leaves out is not due; one that it repeats is due twice.
 */
export function parseCron(text: string, timeZone = 'UTC'): CronSchedule {
  const parts = text.trim().split(/ +/);
  if (parts.length !== RANGES.length) {
    throw new CronError(`cron "${text}" has ${parts.length} fields, not five: write for example "0 1 * * *"`);
  }
  const [minutes, hours, days, months, weekdays] = RANGES.map((range, at) => parseField(parts[at] ?? '', range, text));
  const clock = clockIn(timeZone);
  const fields: Fields = {
    minutes: minutes ?? new Set(),
    hours: hours ?? new Set(),
    days: days ?? new Set(),
    months: months ?? new Set(),
    weekdays: new Set([...(weekdays ?? [])].map((day) => day % 7)),
    either: parts[2] !== '*' && parts[4] !== '*',
  };
  return { between: (from, to, most) => dueBetween(fields, clock, from, to, most) };
}

function parseField(text: string, { name, min, max }: (typeof RANGES)[number], whole: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const item of text.split(',')) {
    const [, range = '', low, high, step] = /^(\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item) ?? [];
    const from = range === '*' ? min : Number(low ?? Number.NaN);
    const open = range === '*' || step !== undefined ? max : from;
    const to = high === undefined ? open : Number(high);
    const by = step === undefined ? 1 : Number(step);
    if (!(from >= min && to <= max && from <= to && by >= 1)) {
      throw new CronError(`cron "${whole}" has "${item}" for the ${name}, which goes from ${min} to ${max}`);
    }
    for (let value = from; value <= to; value += by) found.add(value);
  }
  return found;
}

/** What a clock on the wall shows. */
interface WallTime {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

function clockIn(timeZone: string): (at: number) => WallTime {
  const format = formatIn(timeZone);
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const [day, month] = [part('day'), part('month')];
    const weekday = new Date(Date.UTC(part('year'), month - 1, day)).getUTCDay();
    return { minute: part('minute'), hour: part('hour'), day, month, weekday };
  };
}

function formatIn(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch (cause) {
    throw new CronError(`timeZone "${timeZone}" is not known; write an IANA name, for example Europe/Berlin`, {
      cause,
    });
  }
}

function dueBetween(
  fields: Fields,
  clock: (at: number) => WallTime,
  from: number,
  to: number,
  most: number,
): readonly number[] {
  const found: number[] = [];
  let at = Math.ceil(from / MINUTE) * MINUTE;
  while (at < to && found.length < most) {
    const wall = clock(at);
    if (isDay(fields, wall) && fields.hours.has(wall.hour)) {
      if (fields.minutes.has(wall.minute)) found.push(at);
      at += MINUTE;
      continue;
    }
    // No zone is off UTC by other than quarters of an hour, so an hour on the wall begins at one of them.
    at = Math.floor(at / (HOUR / 4)) * (HOUR / 4) + HOUR / 4;
  }
  return found;
}

function isDay({ days, months, weekdays, either }: Fields, { day, month, weekday }: WallTime): boolean {
  if (!months.has(month)) return false;
  return either ? days.has(day) || weekdays.has(weekday) : days.has(day) && weekdays.has(weekday);
}
