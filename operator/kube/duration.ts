/** Spans of time in milliseconds, as the runtime takes them. */

/** Milliseconds of that many seconds. */
export const seconds = (amount: number): number => amount * 1_000;
/** Milliseconds of that many minutes. */
export const minutes = (amount: number): number => amount * 60_000;
/** Milliseconds of that many hours. */
export const hours = (amount: number): number => amount * 3_600_000;
