import type { SentMark } from '../outbox/mark.ts';

/** A mark in memory, which outlives the stores and processes of a test. */
export class MemoryMark implements SentMark {
  kept = 0n;

  async read(): Promise<bigint> {
    return this.kept;
  }

  async raise(batch: bigint): Promise<void> {
    if (batch > this.kept) this.kept = batch;
  }
}
