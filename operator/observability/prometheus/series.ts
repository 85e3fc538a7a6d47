/** One sample: milliseconds since 1970 UTC and the value in the metric's own unit. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** One series as the database holds it; samples in the order of time. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}
