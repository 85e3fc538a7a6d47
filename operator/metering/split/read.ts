import type { Store } from '../../store/index.ts';
import type { EnergySample } from '../energy/series.ts';
import type { Span } from '../sealing/window.ts';
import type { NamedHolding } from './energy.ts';
import type { Capacity } from './idle.ts';

/** GPUs of a node in a window, and where it stands. */
export interface PlacedCapacity extends Capacity {
  /** Absent where the node's labels do not say. */
  readonly region?: string;
}

/** A sealed window with what there was, who held what of it, and what it drew; all times cut to the window but samples'. */
export interface WindowUse {
  readonly window: Span;
  readonly capacity: readonly PlacedCapacity[];
  readonly held: readonly NamedHolding[];
  readonly samples: readonly EnergySample[];
}

const dayMillis = 86_400_000;

/** [from, to) in pieces of at most a day: a month's samples of a thousand GPUs are too many to hold at once. */
export function daysOf(from: Date, to: Date): readonly { readonly from: Date; readonly to: Date }[] {
  const days: { readonly from: Date; readonly to: Date }[] = [];
  for (let start = from.getTime(); start < to.getTime(); start += dayMillis) {
    days.push({ from: new Date(start), to: new Date(Math.min(start + dayMillis, to.getTime())) });
  }
  return days;
}

/**
 * The sealed windows that begin in [from, to). Every tenant's holdings are read, whoever is asked about: what one gets of
 * a shared thing depends on all. Read it with rights over all tenants.
 */
export async function readUse({ db }: Store, from: Date, to: Date): Promise<readonly WindowUse[]> {
  const grid = await db
    .selectFrom('sealed_grid')
    .selectAll()
    .where('window_start', '>=', from)
    .where('window_start', '<', to)
    .orderBy('window_start')
    .execute();
  const windows = grid.map((row) => ({ start: row.window_start.getTime(), end: row.window_end.getTime() }));
  const end = windows.at(-1)?.end;
  if (end === undefined) return [];
  const span = { start: windows[0]?.start ?? end, end };
  const [capacity, held, samples] = [await capacities(db, span), await holdings(db, span), await drawn(db, span)];
  return windows.map((window) => ({
    window,
    capacity: inside(capacity, window),
    held: inside(held, window),
    samples: samples.filter((sample) => sample.from < window.end && sample.to > window.start),
  }));
}

function inside<T extends { readonly from: number; readonly to: number }>(
  rows: readonly T[],
  { start, end }: Span,
): readonly T[] {
  return rows
    .filter((row) => row.from < end && row.to > start)
    .map((row) => ({ ...row, from: Math.max(row.from, start), to: Math.min(row.to, end) }));
}

async function capacities(db: Store['db'], { start, end }: Span): Promise<readonly PlacedCapacity[]> {
  const rows = await db
    .selectFrom('node_capacity')
    .selectAll()
    .where('opened_at', '<', new Date(end))
    .where((eb) => eb.or([eb('closed_at', '>', new Date(start)), eb('closed_at', 'is', null)]))
    .execute();
  return rows.map(({ node, model, gpus, region, opened_at, closed_at }) => ({
    ...{ node, model, gpus, from: opened_at.getTime(), to: closed_at?.getTime() ?? end },
    ...(region !== null && { region }),
  }));
}

async function holdings(db: Store['db'], { start, end }: Span): Promise<readonly NamedHolding[]> {
  const rows = await db
    .selectFrom('alloc_interval')
    .select(['tenant', 'meter', 'node', 'model', 'profile', 'units', 'namespace', 'pod', 'opened_at', 'closed_at'])
    .where('opened_at', '<', new Date(end))
    .where((eb) => eb.or([eb('closed_at', '>', new Date(start)), eb('closed_at', 'is', null)]))
    .execute();
  return rows.map(({ namespace, pod, opened_at, closed_at, ...row }) => ({
    ...row,
    ...{ holder: `${namespace}/${pod}`, from: opened_at.getTime(), to: closed_at?.getTime() ?? end },
  }));
}

async function drawn(db: Store['db'], { start, end }: Span): Promise<readonly EnergySample[]> {
  const rows = await db
    .selectFrom('energy_sample')
    .selectAll()
    // The index is on the beginning; a sample is never longer than an hour.
    .where('from_at', '>', new Date(start - 3_600_000))
    .where('from_at', '<', new Date(end))
    .where('to_at', '>', new Date(start))
    .execute();
  return rows.map(({ gpu, node, from_at, to_at, millijoules, pods }) => ({
    ...{ gpu, node, from: from_at.getTime(), to: to_at.getTime(), millijoules: BigInt(millijoules) },
    pods: namesOf(JSON.parse(pods)),
  }));
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
