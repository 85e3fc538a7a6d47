import { createHash } from 'node:crypto';

/** What the hash of a usage window covers; times in unix seconds. */
export interface ChainedUsage {
  readonly tenant: string;
  readonly meter: string;
  readonly model: string;
  readonly profile: string;
  readonly start: number;
  readonly end: number;
  readonly revision: number;
  readonly exactMs: bigint;
  readonly carryMs: bigint;
  readonly quantity: bigint;
  readonly estimated: boolean;
}

/** The hash before the first window of a tenant. */
export const chainStart = '0'.repeat(64);

/** SHA-256 over the hash before and all of the row's values, one a line: a row changed later no longer fits its successor. */
export function chainHash(previous: string, usage: ChainedUsage): string {
  const { tenant, meter, model, profile, start, end, revision, exactMs, carryMs, quantity, estimated } = usage;
  const what = [previous, tenant, meter, model, profile];
  const lines = [...what, start, end, revision, exactMs, carryMs, quantity, estimated];
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
