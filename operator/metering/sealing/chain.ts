import { createHash } from 'node:crypto';

/** What the hash of a usage window covers; times in unix seconds. */
export interface ChainedUsage {
  readonly tenant: string;
  readonly meter: string;
  readonly start: number;
  readonly end: number;
  readonly revision: number;
  readonly exactMs: bigint;
  readonly quantity: bigint;
}

/** The hash before the first window of a tenant. */
export const chainStart = '0'.repeat(64);

/** SHA-256 over the hash before and the row's values, one a line: a row changed later no longer fits its successor. */
export function chainHash(previous: string, usage: ChainedUsage): string {
  const { tenant, meter, start, end, revision, exactMs, quantity } = usage;
  const lines = [previous, tenant, meter, start, end, revision, exactMs, quantity];
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
