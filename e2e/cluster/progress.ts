import type { Writable } from 'node:stream';

/** Prints what a long run is doing, one line an event: time since the start, subject, what happened. */
export interface Progress {
  /** Prints one line now. */
  say(subject: string, text: string): void;
  /**
   * Runs a step that may be long: says that it begins (with the usual length where it is known), repeats itself every
   * 30 s so that nobody takes it for hung, and says how long it took. `done` names the outcome, as in `built`.
   */
  step<T>(subject: string, words: StepWords, work: () => Promise<T>): Promise<T>;
}

/** The words of one step: `{ doing: 'building', done: 'built', usualSeconds: 30 }`. */
export interface StepWords {
  readonly doing: string;
  readonly done: string;
  readonly usualSeconds?: number;
}

const REPEAT_EVERY_MS = 30_000;
// A step that is usually shorter than this prints its end only: its beginning would be noise.
const ANNOUNCE_FROM_SECONDS = 5;

/** Progress lines on a stream; `now` is milliseconds and is injected for tests. */
export function progressTo(stream: Writable, now: () => number = Date.now): Progress {
  const start = now();
  const say = (subject: string, text: string): void => {
    stream.write(`${clock(now() - start)}  ${subject.padEnd(14)} ${text}\n`);
  };
  return {
    say,
    async step(subject, words, work) {
      const began = now();
      const usual = words.usualSeconds === undefined ? '' : `, usually ${span(words.usualSeconds * 1000)}`;
      if ((words.usualSeconds ?? 0) >= ANNOUNCE_FROM_SECONDS) say(subject, `${words.doing}${usual}`);
      const timer = setInterval(
        () => say(subject, `${words.doing}, ${span(now() - began)} so far${usual}`),
        REPEAT_EVERY_MS,
      );
      try {
        const result = await work();
        say(subject, `${words.done.padEnd(8)} ${span(now() - began)}`);
        return result;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/** Milliseconds as ` 0:07` or `12:30`. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Milliseconds as `0.4 s`, `34 s` or `9 min 40 s`. */
export function span(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const rest = seconds % 60;
  return rest === 0 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 60)} min ${rest} s`;
}
