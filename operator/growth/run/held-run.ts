/** A run whose row is locked for this transaction by the attempt that holds it. */
export interface HeldRun {
  readonly id: string;
  readonly attempt: number;
  readonly namespace: string;
  readonly campaign_uid: string;
  readonly period: string;
}
