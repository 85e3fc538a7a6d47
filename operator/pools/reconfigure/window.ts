import type { ChangeWindow } from '../../api/index.ts';

const days: readonly string[] = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const DAY_SECONDS = 86_400;

/** Whether changes may begin now. Without windows they may at any time; a window of an unknown time zone never opens. */
export function isOpen(windows: readonly ChangeWindow[] | undefined, now: Date): boolean {
  if (windows === undefined || windows.length === 0) return true;
  return windows.some((window) => isInside(window, now));
}

/** A window that passes midnight is open on the morning after one of its days. Local time decides, so one night a year it is an hour longer or shorter. */
function isInside({ days: chosen, start, durationSeconds, timeZone = 'Etc/UTC' }: ChangeWindow, now: Date): boolean {
  const local = localTime(now, timeZone);
  if (local === undefined) return false;
  const [hours = 0, minutes = 0] = start.split(':').map(Number);
  const opens = hours * 3600 + minutes * 60;
  const opensOn = (day: number): boolean => {
    const name = days[(day + 7) % 7];
    return chosen === undefined || chosen.length === 0 || (name !== undefined && chosen.some((day) => day === name));
  };
  const since = local.second - opens;
  if (since >= 0 && since < durationSeconds) return opensOn(local.day);
  return since + DAY_SECONDS < durationSeconds && opensOn(local.day - 1);
}

/** Day of the week from Sunday as 0, and the second of the day. */
function localTime(now: Date, timeZone: string): { readonly day: number; readonly second: number } | undefined {
  try {
    const options = { timeZone, weekday: 'long', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
    const parts = new Intl.DateTimeFormat('en-US', { ...options, hourCycle: 'h23' }).formatToParts(now);
    const part = (type: string): string => parts.find((candidate) => candidate.type === type)?.value ?? '';
    const second = Number(part('hour')) * 3600 + Number(part('minute')) * 60 + Number(part('second'));
    return { day: days.indexOf(part('weekday')), second };
  } catch {
    return undefined;
  }
}
