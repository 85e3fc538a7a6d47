/** Spans of time in milliseconds, as the runtime takes them. */

/** Milliseconds of that many seconds. */
export const seconds = (amount: number): number => amount * 1_000;
