import type { GPUPool, PoolTaint } from '../../api/index.ts';
import type { Node } from '../../kube/index.ts';
import { POOL_LABEL, UNHEALTHY_TAINT } from '../nvidia/labels.ts';
import type { Sickness } from './health.ts';

/** Annotation with what this operator put on a node, so that it takes away nothing else. */
export const MARKS_ANNOTATION = 'gpuoptimizer.io/pool-marks';
/** Annotation with why a node gets no pods, since when, and since when it is well again. */
export const UNHEALTHY_ANNOTATION = 'gpuoptimizer.io/unhealthy';
/** How long a node must be well where the pool does not say. */
const QUIET_SECONDS = 600;

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

/** What was put on a node. */
interface Marks {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly PoolTaint[];
}

/** A sickness that was noted. Times are RFC 3339. */
interface Noted {
  readonly why: string;
  readonly since: string;
  readonly wellSince?: string;
}

/** What is to be changed on a node. */
export interface MarkPlan {
  /** Labels and annotations to set; null takes one away. Absent when they are as they should be. */
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly annotations?: Readonly<Record<string, string | null>>;
  };
  /** The whole list of taints, when it must change. */
  readonly taints?: readonly Taint[];
  readonly became?: 'Unhealthy' | 'Healthy';
  /** Milliseconds until the node may be well again. */
  readonly after?: number;
}

/** What a node should carry: its pool's labels and taints, and a taint while it is unfit. A node of no pool loses them all. */
export function decideMarks(node: Node, pool: GPUPool | undefined, sick: Sickness | undefined, now: Date): MarkPlan {
  const { labels = {}, annotations = {} } = node.metadata;
  const before = readMarks(annotations[MARKS_ANNOTATION]);
  const noted = readNoted(annotations[UNHEALTHY_ANNOTATION]);
  const illness = pool === undefined ? {} : nextNoted(pool, noted, sick, now);
  const want = wantedMarks(pool, illness.noted);
  const labelChange = changedLabels(labels, before.labels, want.labels);
  const taints = changedTaints(node.spec?.taints ?? [], before.taints, want.taints);
  const noteChange = {
    ...textChange(annotations, MARKS_ANNOTATION, isEmpty(want) ? undefined : JSON.stringify(want)),
    ...textChange(
      annotations,
      UNHEALTHY_ANNOTATION,
      illness.noted === undefined ? undefined : JSON.stringify(illness.noted),
    ),
  };
  const metadata = {
    ...(Object.keys(labelChange).length > 0 && { labels: labelChange }),
    ...(Object.keys(noteChange).length > 0 && { annotations: noteChange }),
  };
  return {
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(taints !== undefined && { taints }),
    ...(noted === undefined && illness.noted !== undefined && { became: 'Unhealthy' as const }),
    ...(noted !== undefined && illness.noted === undefined && pool !== undefined && { became: 'Healthy' as const }),
    ...(illness.after !== undefined && { after: illness.after }),
  };
}

/** A node stays unfit until it has been well for the quiet time without a break. */
function nextNoted(
  pool: GPUPool,
  noted: Noted | undefined,
  sick: Sickness | undefined,
  now: Date,
): { readonly noted?: Noted; readonly after?: number } {
  const { health } = pool.spec;
  if (health === undefined || health.action === 'Observe') return {};
  if (sick !== undefined) {
    const why = `${sick.signal}: ${sick.why}`;
    return { noted: { why, since: noted?.since ?? now.toISOString() } };
  }
  if (noted === undefined) return {};
  const wellSince = noted.wellSince ?? now.toISOString();
  const left = Date.parse(wellSince) + (health.quietSeconds ?? QUIET_SECONDS) * 1000 - now.getTime();
  return left > 0 ? { noted: { ...noted, wellSince }, after: left } : {};
}

function wantedMarks(pool: GPUPool | undefined, noted: Noted | undefined): Marks {
  if (pool === undefined) return { labels: {}, taints: [] };
  const { labels = {}, taints = [] } = pool.spec;
  const unhealthy = noted === undefined ? [] : [{ key: UNHEALTHY_TAINT, effect: 'NoSchedule' as const }];
  return { labels: { ...labels, [POOL_LABEL]: pool.metadata.name }, taints: [...taints, ...unhealthy] };
}

function changedLabels(
  found: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>>,
  want: Readonly<Record<string, string>>,
): Readonly<Record<string, string | null>> {
  const change: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(before)) {
    // What somebody else set meanwhile is his.
    if (want[key] === undefined && found[key] === value) change[key] = null;
  }
  for (const [key, value] of Object.entries(want)) if (found[key] !== value) change[key] = value;
  return change;
}

/** The new list of taints; undefined when nothing changes. Taints of others keep their place and their time. */
function changedTaints(
  found: readonly Taint[],
  before: readonly PoolTaint[],
  want: readonly PoolTaint[],
): readonly Taint[] | undefined {
  const obsolete = before.filter((taint) => !want.some((other) => sameSlot(taint, other)));
  const kept = found.filter((taint) => !obsolete.some((other) => sameSlot(taint, other)));
  const missing = want.filter(
    (taint) => !kept.some((other) => sameSlot(taint, other) && (other.value ?? '') === (taint.value ?? '')),
  );
  if (missing.length === 0 && kept.length === found.length) return undefined;
  return [...kept.filter((taint) => !missing.some((other) => sameSlot(taint, other))), ...missing];
}

function sameSlot(left: Pick<PoolTaint, 'key'> & { effect: string }, right: { key: string; effect: string }): boolean {
  return left.key === right.key && left.effect === right.effect;
}

function textChange(
  annotations: Readonly<Record<string, string>>,
  name: string,
  want: string | undefined,
): Readonly<Record<string, string | null>> {
  return annotations[name] === want ? {} : { [name]: want ?? null };
}

function isEmpty({ labels, taints }: Marks): boolean {
  return Object.keys(labels).length === 0 && taints.length === 0;
}

function readMarks(text: string | undefined): Marks {
  const found = parsed(text);
  const labels: unknown = Reflect.get(found, 'labels');
  const taints: unknown = Reflect.get(found, 'taints');
  return {
    labels: typeof labels === 'object' && labels !== null ? (labels as Marks['labels']) : {},
    taints: Array.isArray(taints) ? taints : [],
  };
}

function readNoted(text: string | undefined): Noted | undefined {
  if (text === undefined) return undefined;
  const found = parsed(text);
  const [why, since, wellSince] = ['why', 'since', 'wellSince'].map((name): unknown => Reflect.get(found, name));
  if (typeof why !== 'string' || typeof since !== 'string') return undefined;
  return typeof wellSince === 'string' ? { why, since, wellSince } : { why, since };
}

function parsed(text: string | undefined): object {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
