import type { Logger } from '../../observability/index.ts';

/** A logger that says nothing. */
export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

/** Waits until `check` is true; throws with `what` after `millis`. */
export async function until(what: string, check: () => boolean | Promise<boolean>, millis = 10_000): Promise<void> {
  const end = performance.now() + millis;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within ${millis} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
