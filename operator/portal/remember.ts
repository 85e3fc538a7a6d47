import type { Clock } from '../observability/index.ts';

/** How long a right that was taken away is still honoured. */
const rememberMillis = 30_000;
const rememberAtMost = 10_000;

/** Asks once in 30 seconds for each key, and remembers what was answered; failures are not remembered. */
export function remembering<T>(clock: Clock): (key: string, ask: () => Promise<T>) => Promise<T> {
  const known = new Map<string, { readonly value: T; readonly until: number }>();
  return async (key, ask) => {
    const found = known.get(key);
    if (found !== undefined && found.until > clock.monotonic()) return found.value;
    const value = await ask();
    if (known.size >= rememberAtMost) known.clear();
    known.set(key, { value, until: clock.monotonic() + rememberMillis });
    return value;
  };
}
