/** Random allocations through the store and the sealer, and the difference to their integral. */
import { type NewInterval, sealDue, writePlan } from '../../../operator/metering/testing/index.ts';
import { systemClock } from '../../../operator/observability/index.ts';
import type { Store } from '../../../operator/store/index.ts';
import { randomFrom } from '../../peers/random.ts';
import { type Ground, secondsSince } from './ground.ts';

/** What came of it. */
export interface AllocationResult {
  readonly allocations: number;
  readonly intervalsPerSecond: number;
  readonly windows: number;
  readonly windowsPerSecond: number;
  /** GPU-seconds emitted, and how far they are from the floor of the integral, summed over tenants and meters. */
  readonly emitted: string;
  readonly errorSeconds: string;
  /** The same for the exact milliseconds. */
  readonly errorMillis: string;
}

const begin = Date.parse('2026-01-05T00:00:00Z');
const hourMillis = 3_600_000;
const hours = 24;
const tenants = 200;
const meters = 8;
const batchRows = 10_000;

/** Measures `count` allocations of a day. */
export async function measureAllocations(ground: Ground, count: number, seed: number): Promise<AllocationResult> {
  const store = await ground.open();
  const random = randomFrom(seed);
  const truth = new Map<string, bigint>();
  const storing = performance.now();
  for (let from = 0; from < count; from += batchRows) {
    const size = Math.min(batchRows, count - from);
    const batch = Array.from({ length: size }, (_, at) => allocation(from + at, random));
    for (const one of batch) add(truth, one);
    await writePlan(store, { open: batch, close: [], release: [] }, begin + (hours + 1) * hourMillis);
  }
  const storingSeconds = secondsSince(storing);
  const sealing = performance.now();
  const options = { store, clock: systemClock, windowSeconds: 3600, graceSeconds: 0, onSealed: async () => undefined };
  while ((await sealDue(options, new AbortController().signal)) > 0);
  const sealingSeconds = secondsSince(sealing);
  const { windows, emitted, errorSeconds, errorMillis } = await compare(store, truth);
  return {
    allocations: count,
    intervalsPerSecond: count / storingSeconds,
    windows,
    windowsPerSecond: windows / sealingSeconds,
    emitted: String(emitted),
    errorSeconds: String(errorSeconds),
    errorMillis: String(errorMillis),
  };
}

/** Some milliseconds to a day, on up to eight units, of a random tenant and meter. */
function allocation(at: number, random: () => number): NewInterval & { readonly end: { readonly at: number } } {
  const whole = (below: number): number => Math.floor(random() * below);
  const openedAt = begin + whole(hours * hourMillis - 1);
  const rest = begin + hours * hourMillis - openedAt;
  const end = openedAt + 1 + whole(random() < 0.7 ? Math.min(rest - 1, 1_800_000) : rest - 1);
  const meter = whole(meters);
  return {
    ...{ uid: `uid-${at}`, namespace: 'bench', pod: `pod-${at}`, node: 'node', deviceKey: 'nvidia.com/gpu' },
    ...{ model: `GPU-${meter}`, profile: 'full', meter: `gpu_seconds__gpu_${meter}__full` },
    tenant: `t${whole(tenants)}`,
    units: 1 + whole(8),
    openedAt,
    end: { at: end, estimated: false },
  };
}

function add(truth: Map<string, bigint>, one: ReturnType<typeof allocation>): void {
  const key = `${one.tenant} ${one.meter}`;
  truth.set(key, (truth.get(key) ?? 0n) + BigInt(one.end.at - one.openedAt) * BigInt(one.units));
}

async function compare(store: Store, truth: ReadonlyMap<string, bigint>) {
  const rows = await store.db
    .selectFrom('usage_window')
    .select(['tenant', 'meter'])
    .select(({ fn }) => [fn.sum<string>('exact_ms').as('exact'), fn.sum<string>('quantity').as('quantity')])
    .select(({ fn }) => fn.countAll<bigint>().as('windows'))
    .groupBy(['tenant', 'meter'])
    .execute();
  const found = new Map(rows.map((row) => [`${row.tenant} ${row.meter}`, row]));
  const keys = new Set([...truth.keys(), ...found.keys()]);
  let errorSeconds = 0n;
  let errorMillis = 0n;
  for (const key of keys) {
    const exact = truth.get(key) ?? 0n;
    errorMillis += distance(BigInt(found.get(key)?.exact ?? 0), exact);
    errorSeconds += distance(BigInt(found.get(key)?.quantity ?? 0), exact / 1000n);
  }
  const emitted = rows.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
  const windows = rows.reduce((sum, row) => sum + Number(row.windows), 0);
  return { windows, emitted, errorSeconds, errorMillis };
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b;
}
