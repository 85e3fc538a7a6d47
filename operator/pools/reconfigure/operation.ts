import { createHash } from 'node:crypto';
import type { NodeReconfiguration } from '../../api/index.ts';
import { OPERATION_ANNOTATION } from '../nvidia/labels.ts';
import { type Geometry, type GpuCut, offerOf } from '../sharing/geometry.ts';

/** Annotation of a node that was changed before: what is remembered of it. */
export const RECORD_ANNOTATION = 'gpuoptimizer.io/reconfigured';

/** Where a change stands. */
export type Step = NodeReconfiguration['step'];
export type Direction = NodeReconfiguration['direction'];
/** How a change ended. */
export type Outcome = 'Done' | 'Undone' | 'RolledBack';

/** One change of one node. Times are RFC 3339. */
export interface Operation {
  readonly id: string;
  readonly pool: string;
  readonly step: Step;
  readonly direction: Direction;
  /** When the change began. */
  readonly started: string;
  /** When the step began. */
  readonly since: string;
  /** When the step is given up, where it has a limit of its own. */
  readonly deadline?: string;
  readonly target: Geometry;
  readonly previous: Geometry;
  /** Resources whose holders are on GPUs that change. */
  readonly sure: readonly string[];
  /** Resources whose holders may be. */
  readonly unsure: readonly string[];
  /** Whose cordon keeps pods off the node; only ours is ever lifted. */
  readonly cordon?: 'Ours' | 'Foreign';
  /** The labels `nvidia.com/gpu.deploy.*` as they were before mig-manager paused them; set once NVIDIA's components were told. */
  readonly deploy?: Readonly<Record<string, string>>;
  /** How often mig-manager was started again, and how often a name was repeated that it did not know yet. */
  readonly heals: number;
  readonly retries: number;
  /** The component that mig-manager has been waiting for; the empty name when it waits for none. */
  readonly stuck?: { readonly pod: string; readonly since: string };
  /** Set once mig-manager was seen at work: what fails after that is no name that it did not know. */
  readonly worked?: 'Yes';
  /** Set while mig-manager's label is away, so that it comes back as a change. */
  readonly toggled?: 'Yes';
  readonly outcome?: Outcome;
  /** Why the change was undone, rolled back or degraded. */
  readonly why?: string;
}

/** What is remembered of a node between changes. */
export interface NodeRecord {
  /** The cut that the last good change left. */
  readonly layout?: readonly GpuCut[];
  /** When changes were begun in the last 24 hours. */
  readonly changes: readonly string[];
  /** A target that did not work here, and until when it is not tried again. */
  readonly refused?: { readonly target: string; readonly until: string; readonly why: string };
}

const steps: ReadonlySet<string> = new Set<Step>([
  'Cordon',
  'Drain',
  'Label',
  'Wait',
  'Verify',
  'Heal',
  'Uncordon',
  'Degraded',
]);

/** Reads the annotation; undefined without one, and `Unreadable` where it is none of ours: nobody may guess on from there. */
export function readOperation(annotations: Annotations): Operation | 'Unreadable' | undefined {
  const text = annotations?.[OPERATION_ANNOTATION];
  if (text === undefined) return undefined;
  const found = parsed(text);
  return isOperation(found) ? found : 'Unreadable';
}

/** Reads what is remembered of a node; an unreadable record remembers nothing. */
export function readRecord(annotations: Annotations): NodeRecord {
  const text = annotations?.[RECORD_ANNOTATION];
  const found = text === undefined ? undefined : parsed(text);
  return isRecord(found) ? found : { changes: [] };
}

type Annotations = Readonly<Record<string, string>> | undefined;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isOperation(value: unknown): value is Operation {
  if (typeof value !== 'object' || value === null) return false;
  const { step, direction, target, previous, since, sure, unsure } = value as Partial<Operation>;
  return (
    steps.has(step ?? '') &&
    (direction === 'Forward' || direction === 'Back') &&
    isGeometry(target) &&
    isGeometry(previous) &&
    Number.isFinite(Date.parse(since ?? '')) &&
    Array.isArray(sure) &&
    Array.isArray(unsure)
  );
}

function isGeometry(value: Geometry | undefined): boolean {
  return typeof value?.gpus === 'number' && typeof value.replicas === 'number';
}

function isRecord(value: unknown): value is NodeRecord {
  return typeof value === 'object' && value !== null && Array.isArray(Reflect.get(value, 'changes'));
}

/** Names a geometry, so that a target that failed is known again. */
export function targetKey(target: Geometry): string {
  return shortHash(JSON.stringify([offerOf(target), target.layout ?? []]));
}

/** The id of a change: the same node, target and time give the same. */
export function operationId(node: string, target: Geometry, started: string): string {
  return shortHash(`${node}/${targetKey(target)}/${started}`);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}
