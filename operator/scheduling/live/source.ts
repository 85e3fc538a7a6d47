import { parseAllDocuments } from 'yaml';
import { kinds } from '../../api/index.ts';
import {
  ConfigMap,
  DeviceClass,
  DeviceTaintRule,
  Job,
  Node,
  Pod,
  PodDisruptionBudget,
  PriorityClass,
  ResourceClaim,
  ResourceSlice,
} from '../../kube/index.ts';
import type { Key, Kind, KubeObject } from '../../runtime/index.ts';
import { RUN_TIMES } from '../eta/record.ts';
import { errorCode } from '../failures.ts';
import { gangKinds } from '../gangs/kinds.ts';
import type { Lists } from './list-reader.ts';

/** The kinds that the planner is made of: what its controller watches. */
export const PLAN_KINDS: readonly Kind<KubeObject>[] = [
  ...[Pod, Node, Job, kinds.GPUPool, kinds.Tenant],
  ...gangKinds,
  ...[DeviceClass, DeviceTaintRule, ResourceClaim, ResourceSlice],
];
/** Beside them, for who may be evicted. */
export const MOVE_KINDS: readonly Kind<KubeObject>[] = [...PLAN_KINDS, PodDisruptionBudget];
/** Beside them, for manifests that name a priority class. */
export const SUBMIT_KINDS: readonly Kind<KubeObject>[] = [...PLAN_KINDS, PriorityClass];

/** A connection to the cluster that can list whole kinds. */
export interface LiveConnection {
  /** Namespace of the kubeconfig's context. */
  readonly namespace: string;
  /** Every object of the kind, projected as in the cache. */
  readonly list: <T extends KubeObject>(kind: Kind<T>) => Promise<readonly T[]>;
  /** One object, undefined where there is none. */
  readonly get: <T extends KubeObject>(kind: Kind<T>, key: Key) => Promise<T | undefined>;
  readonly close: () => Promise<void>;
}

/**
 * A file that does not hold what it should; the sentence names the file, the place and the remedy.
 * @remedy correct the file at the place that the sentence names
 */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'Manifest';
}

/**
 * Reads each kind once, and the run times that the operator keeps in its namespace; a kind that the cluster need not have
 * is empty where it is not served.
 */
export async function readCluster(
  connection: Pick<LiveConnection, 'get' | 'list'>,
  wanted: readonly Kind<KubeObject>[],
  operatorNamespace: string | undefined,
): Promise<readonly Lists[]> {
  const kept = async () => ({ kind: ConfigMap, objects: await runTimes(connection, operatorNamespace) });
  return Promise.all([...wanted.map(async (kind) => ({ kind, objects: await listed(connection, kind) })), kept()]);
}

/** Not everybody may read in the operator's namespace; without the run times answers are wider. */
async function runTimes(
  connection: Pick<LiveConnection, 'get'>,
  namespace: string | undefined,
): Promise<readonly ConfigMap[]> {
  if (namespace === undefined) return [];
  try {
    const found = await connection.get(ConfigMap, { namespace, name: RUN_TIMES });
    return found === undefined ? [] : [found];
  } catch (error) {
    if (errorCode(error) === 'Forbidden') return [];
    throw error;
  }
}

async function listed(
  connection: Pick<LiveConnection, 'list'>,
  kind: Kind<KubeObject>,
): Promise<readonly KubeObject[]> {
  try {
    return await connection.list(kind);
  } catch (error) {
    const absent = errorCode(error) === 'NotFound';
    if (kind.optional === true && absent) return [];
    throw error;
  }
}

/**
 * Reads what `kubectl get nodes,pods,jobs,priorityclasses,gpupools,tenants -A -o yaml` wrote: one List, or any number
 * of documents. Objects of other kinds are passed over.
 */
export function readSnapshot(
  text: string,
  file: string,
  wanted: readonly Kind<KubeObject>[] = SUBMIT_KINDS,
): readonly Lists[] {
  const objects = parseObjects(text, file);
  const lists = [...wanted, ConfigMap].map((kind: Kind<KubeObject>) => ({
    kind,
    objects: objects.filter((object) => isOf(object, kind)).map((object) => kind.project?.(object) ?? object),
  }));
  if (lists.every((list) => list.objects.length === 0)) {
    throw new ManifestError(
      `${file} holds no node, pod, pool or tenant; write one with: kubectl get nodes,pods,jobs,priorityclasses,gpupools,tenants -A -o yaml`,
    );
  }
  return lists;
}

/** Every object of a YAML or JSON text, with Lists taken apart. Throws ManifestError with the place of the mistake. */
export function parseObjects(text: string, file: string): readonly KubeObject[] {
  return parseAllDocuments(text).flatMap((document, at) => {
    const [wrong] = document.errors;
    if (wrong !== undefined) throw new ManifestError(`${file} is no YAML: ${wrong.message}`);
    const value: unknown = document.toJS();
    return value === null ? [] : objectsIn(value, `${file}, document ${at + 1}`);
  });
}

function objectsIn(value: unknown, where: string): readonly KubeObject[] {
  const items: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'items') : undefined;
  const found: readonly unknown[] = Array.isArray(items) ? items : [value];
  return found.map((one) => {
    if (isObject(one)) return one;
    throw new ManifestError(`${where} holds something that is no Kubernetes object; each needs kind and metadata`);
  });
}

function isObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null) return false;
  const metadata: unknown = Reflect.get(value, 'metadata');
  return typeof Reflect.get(value, 'kind') === 'string' && typeof metadata === 'object' && metadata !== null;
}

function isOf(object: KubeObject, { group, kind }: Kind<KubeObject>): boolean {
  const [name = ''] = object.apiVersion?.includes('/') === true ? object.apiVersion.split('/') : [''];
  return object.kind === kind && name === group;
}
