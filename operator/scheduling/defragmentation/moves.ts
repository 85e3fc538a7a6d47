import type { GPUPool, PodMove } from '../../api/index.ts';
import { controllerOf, keyText, Pod, seconds } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import type { Holding, Nominee } from '../planner/index.ts';
import { PODS_BY_STATE, type PodState } from '../pod-state.ts';

/** How long a move may take, in milliseconds: room is held for it from its beginning, as for those who get its room. */
export const MOVE_MILLIS = seconds(300);

/** A move that has begun and is not finished. */
export interface UnderWay {
  readonly pool: string;
  readonly move: PodMove;
  /** The pod while it has yet to be evicted. */
  readonly pod?: Pod;
}

/** What the plan must know of moves. */
export interface MoveFacts {
  readonly underWay: readonly UnderWay[];
  /** Room of successors that have not come. */
  readonly held: readonly Holding[];
  /** Successors that wait for their room. */
  readonly nominees: readonly Nominee[];
}

/** What moves are read from. */
export interface MoveSource {
  readonly pools: readonly GPUPool[];
  /** Gangs that wait, with their pods by key. */
  readonly queue: readonly { readonly gang: { readonly key: string }; readonly pods: ReadonlyMap<string, Pod> }[];
  /** Gangs for which room is made. */
  readonly nominees: readonly Nominee[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Where each move stands, by what is in the cluster: its record in the pool's status was written before the pod was
 * evicted, so whoever leads goes on with it. A move for somebody who no longer waits is given up if its pod still runs.
 */
export function readMoves(reader: Reader, { pools, queue, nominees, now }: MoveSource): MoveFacts {
  const open = pools.flatMap(({ metadata, status }) =>
    (status?.defragmentation?.moves ?? [])
      .filter(({ startTime }) => now - Date.parse(startTime) < MOVE_MILLIS)
      .map((move) => ({ pool: metadata.name, move })),
  );
  const facts = { underWay: [] as UnderWay[], held: [] as Holding[], nominees: [] as Nominee[] };
  if (open.length === 0) return facts;
  const wanted = new Set(nominees.map(({ gang }) => gang));
  const successorOf = createSuccessors(reader);
  for (const { pool, move } of open) {
    const pod = runningPod(reader, move);
    if (pod !== undefined) {
      if (!wanted.has(move.waiting)) continue;
      facts.underWay.push({ pool, move, pod });
      facts.held.push(roomOf(move));
      continue;
    }
    const successor = successorOf(move);
    const waits = queue.find(({ pods }) => successor !== undefined && pods.has(successor));
    // One that came and does not wait was let go: it holds its own room.
    if (successor !== undefined && waits === undefined) continue;
    facts.underWay.push({ pool, move });
    if (successor === undefined || waits === undefined) facts.held.push(roomOf(move));
    else facts.nominees.push({ gang: waits.gang.key, nodes: new Map([[successor, move.to]]) });
  }
  return facts;
}

function runningPod(reader: Reader, { pod, uid }: PodMove): Pod | undefined {
  const [namespace = '', name = ''] = pod.split('/');
  const found = reader.get(Pod, { namespace, name });
  return found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined ? found : undefined;
}

/** The room that is held for a successor; nobody is charged for it twice. */
function roomOf({ uid, to, cpuMilli, memoryMiB, devices }: PodMove): Holding {
  const gpus = devices.map((device) => ({ kind: 'devices', ...device }) as const);
  return { key: `move/${uid}`, node: to, cpuMilli, memoryMiB, gpus };
}

/** Answers the key of a pod that the owner made since a move began; each stands for one move only. */
function createSuccessors(reader: Reader): (move: PodMove) => string | undefined {
  const byOwner = new Map<string, Pod[]>();
  for (const state of ['gated', 'released', 'bound'] satisfies readonly PodState[]) {
    for (const pod of reader.list(Pod, { index: { name: PODS_BY_STATE, value: state } })) {
      const owner = controllerOf(pod)?.uid;
      if (owner === undefined) continue;
      const known = byOwner.get(owner);
      if (known === undefined) byOwner.set(owner, [pod]);
      else known.push(pod);
    }
  }
  const used = new Set<Pod>();
  return ({ owner, uid, startTime }) => {
    const found = byOwner.get(owner)?.find((pod) => {
      if (used.has(pod) || pod.metadata.uid === uid) return false;
      return Date.parse(pod.metadata.creationTimestamp ?? '') >= Date.parse(startTime);
    });
    if (found === undefined) return undefined;
    used.add(found);
    return keyText(found);
  };
}
