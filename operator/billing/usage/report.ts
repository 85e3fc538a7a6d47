import type { Store } from '../../store/index.ts';

/** What a person asks a report about; which of it counts is the report's to say. */
export interface Asked {
  readonly tenant?: string | null;
  readonly from?: string | null;
  readonly to?: string | null;
  /** A calendar month, `2026-01`. */
  readonly month?: string | null;
}

/** Something that the store can answer, to the operator's API and to the command line alike. */
export interface Report<T extends object> {
  /** Where the operator's API serves it. */
  readonly path: string;
  /** `now` in milliseconds since 1970. Throws UsageQuestionError where the question cannot be answered as it stands. */
  read(store: Store, asked: Asked, now: number): Promise<T>;
  isAnswer(value: object): value is T;
}
