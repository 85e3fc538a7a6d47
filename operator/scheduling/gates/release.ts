import { type KindToken, keyText, Pod } from '../../kube/index.ts';
import type { Key, KubeObject, PatchBody } from '../../runtime/index.ts';
import { eachBounded } from '../bounded.ts';
import { errorCode, isOvertaken } from '../failures.ts';
import { PodGroup } from '../gangs/kinds.ts';
import { GATE, POD_GROUP_PREFIX } from '../names.ts';
import { foreignGates, isGated } from '../pod-state.ts';

/** What became of one pod. */
export interface GateResult {
  readonly namespace: string;
  readonly name: string;
  /** `gone`: it went meanwhile, or another of its name came. */
  readonly result: 'released' | 'would-release' | 'gone' | 'refused';
  /** Gates of others that still hold it. */
  readonly heldBy: readonly string[];
  /** Why it was refused. */
  readonly message?: string;
}

/** A connection that can list pods and patch them. */
export interface GateConnection {
  readonly list: <T extends KubeObject>(kind: KindToken<T>) => Promise<readonly T[]>;
  readonly client: {
    readonly create: <T extends KubeObject>(
      kind: KindToken<T>,
      object: T,
      manager: string,
      signal?: AbortSignal,
    ) => Promise<T>;
    readonly patch: <T extends KubeObject>(
      kind: KindToken<T>,
      key: Key,
      patch: PatchBody,
      manager: string,
      signal?: AbortSignal,
    ) => Promise<T>;
  };
}

/** Patches on the way at once: a person waits, and the API server has other work. */
const AT_ONCE = 16;
const MANAGER = 'gpuopt-gates';

/**
 * Takes the gate gpuoptimizer.io/plan off every pod of a namespace, or of all: kube-scheduler then puts them wherever
 * they fit. A pod that is refused does not stop the others. With `dryRun` nothing is written.
 * kube-scheduler waits for the PodGroup that a pod names; where the operator did not come to make it, one is made that asks
 * for no common start.
 */
export async function releaseGates(
  connection: GateConnection,
  { namespace, dryRun }: { readonly namespace: string | undefined; readonly dryRun: boolean },
  signal: AbortSignal,
): Promise<readonly GateResult[]> {
  const pods = (await connection.list(Pod))
    .filter((pod) => isGated(pod) && (namespace === undefined || pod.metadata.namespace === namespace))
    .sort((left, right) => (keyText(left) < keyText(right) ? -1 : 1));
  if (!dryRun) for (const group of groupsOf(pods)) await makeGroup(group, connection);
  const results: GateResult[] = [];
  await eachBounded(pods, AT_ONCE, signal, async (pod) => {
    const before = { ...keyOf(pod), heldBy: foreignGates(pod) };
    results.push(
      dryRun ? { ...before, result: 'would-release' } : { ...before, ...(await releaseOne(pod, connection)) },
    );
  });
  return results;
}

async function releaseOne(pod: Pod, { client }: GateConnection): Promise<Pick<GateResult, 'result' | 'message'>> {
  try {
    await client.patch(Pod, keyOf(pod), ungate(pod), MANAGER);
    return { result: 'released' };
  } catch (error) {
    if (isOvertaken(error)) return { result: 'gone' };
    const code = errorCode(error);
    if (code === 'Forbidden' || code === 'Invalid') return { result: 'refused', message: (error as Error).message };
    throw error;
  }
}

function ungate({ metadata: { uid } }: Pod): PatchBody {
  return {
    type: 'strategic',
    body: { metadata: { uid }, spec: { schedulingGates: [{ $patch: 'delete', name: GATE }] } },
  };
}

function keyOf({ metadata: { namespace = '', name = '' } }: Pod): {
  readonly namespace: string;
  readonly name: string;
} {
  return { namespace, name };
}

/** PodGroups of ours that pods name. */
function groupsOf(pods: readonly Pod[]): readonly { readonly namespace: string; readonly name: string }[] {
  const groups = new Map(
    pods.flatMap(({ metadata: { namespace = '' }, spec }) => {
      const name = spec?.schedulingGroup?.podGroupName;
      return name?.startsWith(POD_GROUP_PREFIX) === true
        ? [[`${namespace}/${name}`, { namespace, name }] as const]
        : [];
    }),
  );
  return [...groups.values()];
}

async function makeGroup(metadata: Key, { client }: GateConnection): Promise<void> {
  const { group, version, kind } = PodGroup;
  const object = { apiVersion: `${group}/${version}`, kind, metadata, spec: { schedulingPolicy: { basic: {} } } };
  try {
    await client.create(PodGroup, object, MANAGER);
  } catch (error) {
    if (errorCode(error) !== 'AlreadyExists') throw error;
  }
}
