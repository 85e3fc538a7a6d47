import { readFileSync, renameSync, writeFileSync } from 'node:fs';

import type { SentMark } from '../../../../operator/billing/outbox/index.ts';

/** The mark of the last batch in a file, where the operator has the cluster: it outlives the database of a cell. */
export function fileMark(file: string): SentMark {
  const read = (): bigint => BigInt(readFileSync(file, 'utf8'));
  return {
    read: async () => read(),
    raise: async (batch) => {
      if (batch <= read()) return;
      writeFileSync(`${file}.next`, String(batch));
      renameSync(`${file}.next`, file);
    },
  };
}

/** What a sender has that keeps nothing outside its database. */
export const noMark: SentMark = { read: async () => 0n, raise: async () => undefined };
