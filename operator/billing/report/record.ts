import type { UsageRecord } from '../../api/index.ts';
import type { Store } from '../../store/index.ts';
import { readExport } from './export.ts';
import { instant } from './period.ts';
import { type Asked, countRows } from './read.ts';
import { readUsage } from './usage.ts';

/** As many as the kind has place for; the rest is counted. */
const most = { meters: 100, heads: 250, totals: 50 } as const;

/** Reads what a sealed period holds; undefined where the ledger got rows of it meanwhile. */
export async function readRecord(
  store: Store,
  asked: Asked,
  now: number,
  signal: AbortSignal,
): Promise<UsageRecord | undefined> {
  const { rows, sha256, meters, heads } = await readUsage(store, asked, signal);
  const exported = await readExport(store, asked, signal);
  if ((await countRows(store, asked)) !== rows) return undefined;
  return {
    recordedTime: `${new Date(now).toISOString().slice(0, 19)}Z`,
    ...{ fromTime: instant(asked.start), toTime: instant(asked.end), rows, sha256 },
    ...{ meters: meters.slice(0, most.meters), metersLeftOut: Math.max(0, meters.length - most.meters) },
    focus: {
      ...{ rows: exported.rows, sha256: exported.sha256, totals: exported.totals.slice(0, most.totals) },
      totalsLeftOut: Math.max(0, exported.totals.length - most.totals),
    },
    ...{ heads: heads.slice(0, most.heads), headsLeftOut: Math.max(0, heads.length - most.heads) },
  };
}
