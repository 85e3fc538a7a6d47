import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runBreach, runMigration, runSecondProcess } from './breach.ts';
import { sourcePath } from './bundle.ts';
import { Cell, type Recovery, recoveries } from './cell.ts';
import type { Ground } from './ground.ts';
import type { States, Verdict } from './judge.ts';
import type { Expiry } from './peer.ts';
import { type Point, points } from './points.ts';
import type { SenderName } from './protocol.ts';
import { runRestore } from './restore.ts';
import { runWebhook } from './webhook.ts';
import { generateWorld } from './world.ts';

/** A cell of the plan. */
export interface PlannedCell {
  /** `K5/25h/expiry=24h`, `hourly/...`, `stream/...`, `naive/...` or `markless/...`. */
  readonly id: string;
  readonly point: Point;
  readonly recovery: Recovery;
  readonly expiry: Expiry;
  readonly sender: SenderName;
}

/** What came of a cell; big numbers as text, as everywhere in JSON. */
export interface CellResult {
  readonly id: string;
  readonly what: string;
  readonly truth: string;
  readonly billed: string;
  readonly lost: string;
  readonly surplus: string;
  readonly doubled: number;
  readonly states: States;
  readonly seconds: number;
  /** Empty when the cell passed. */
  readonly violations: readonly string[];
}

const expiries: readonly Expiry[] = ['24h', 'never'];
/** Points at which something has been sent, or could have been, when the naive sender comes back. */
const naivePoints = ['K3', 'K4', 'K5', 'K6'];

/** What has nothing to do with how usage is sent. */
const otherBreaches: ReadonlySet<Point['breach']['kind']> = new Set([
  ...(['migration', 'webhook', 'second-process'] as const),
]);

/**
 * Every cell: all points, recoveries and expiries with our sender, those of sending also where it states whole hours, and
 * where it streams; after
 * 25 hours also with a sender that lacks what matters.
 */
export function planCells(): readonly PlannedCell[] {
  const all = (of: readonly Point[], sender: SenderName): readonly PlannedCell[] =>
    of.flatMap((point) =>
      recoveries.flatMap((recovery) => expiries.map((expiry) => cellOf(point, recovery, expiry, sender))),
    );
  const sending = points.filter(({ breach }) => !otherBreaches.has(breach.kind));
  // Stating whole hours has no need of a read-back.
  const hourly = sending.filter(({ breach }) => breach.kind !== 'decision');
  const lacking = points.flatMap((point) => {
    const sender = lackingAt(point);
    return sender === undefined ? [] : expiries.map((expiry) => cellOf(point, '25h', expiry, sender));
  });
  return [...all(points, 'ours'), ...all(hourly, 'hourly'), ...all(sending, 'stream'), ...lacking];
}

function lackingAt({ id, breach }: Point): SenderName | undefined {
  if (breach.kind === 'restore') return 'markless';
  return naivePoints.includes(id) ? 'naive' : undefined;
}

function cellOf(point: Point, recovery: Recovery, expiry: Expiry, sender: SenderName): PlannedCell {
  const prefix = sender === 'ours' ? '' : `${sender}/`;
  return { id: `${prefix}${point.id}/${recovery}/expiry=${expiry}`, point, recovery, expiry, sender };
}

/** Runs a cell on a world of this seed. */
export async function runCell(planned: PlannedCell, { databases, program }: Ground, seed: number): Promise<CellResult> {
  const started = performance.now();
  const { id, point, expiry, sender } = planned;
  const folder = await mkdtemp(join(tmpdir(), 'gpuopt-cell-'));
  const url = await databases.fresh();
  const place =
    point.breach.kind === 'second-process'
      ? { program: sourcePath, database: { dataDir: join(folder, 'data') } }
      : { program, database: { url } };
  const world = generateWorld({ seed, tenants: 3, pods: 24, hours: 6 });
  const cell = await Cell.open({ ...place, world, expiry, sender });
  try {
    const verdict = await run(cell, planned, url);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    return { id, what: point.what, ...shown(verdict), states: cell.states, seconds };
  } finally {
    await cell.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(cell: Cell, { point: { breach }, recovery }: PlannedCell, url: string): Promise<Verdict> {
  if (breach.kind === 'migration') return await runMigration(cell, url, recovery);
  if (breach.kind === 'second-process') return await runSecondProcess(cell, recovery);
  if (breach.kind === 'restore') return await runRestore(cell, url, breach.halt, recovery);
  if (breach.kind === 'webhook') return await runWebhook(cell, breach.halt, recovery);
  return await runBreach(cell, breach, recovery);
}

/** A verdict as JSON takes it. */
export function shown({ truth, billed, lost, surplus, doubled, violations }: Verdict) {
  const text = { truth: String(truth), billed: String(billed), lost: String(lost), surplus: String(surplus) };
  return { ...text, doubled, violations };
}
