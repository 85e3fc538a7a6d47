import type { GPUPool } from '../../api/index.ts';
import { type Pod, Pod as PodKind, seconds } from '../../kube/index.ts';
import { isFinished } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { PLAN_LABEL, planTime } from '../names.ts';
import { wasRefused } from '../pod-state.ts';
import { type GangMark, gangMark, PODS_BY_GANG } from './gang.ts';

/** What a pool says about gangs that are not bound whole in time. */
export interface BindRule {
  readonly timeoutMillis: number;
  readonly onPartialBind: 'Wait' | 'Evict';
}

/** Where no pool says otherwise. */
export const USUAL_BIND_RULE: BindRule = { timeoutMillis: seconds(60), onPartialBind: 'Wait' };

/** A gang of which too few pods are bound although all were to start together. */
export interface PartialGang {
  readonly key: string;
  /** Pods that must run together, and how many do or have ended. */
  readonly need: number;
  readonly have: number;
  /** Members that hold GPUs, and those that were released and are not bound. */
  readonly bound: readonly Pod[];
  readonly late: readonly Pod[];
  /** Whether all of it is to be taken back now. */
  readonly evict: boolean;
}

/** What partial gangs are found from. */
export interface PartialSource {
  readonly reader: Reader;
  /** Pods that were released and are not bound, and pods that are. */
  readonly released: readonly Pod[];
  readonly bound: readonly Pod[];
  readonly ruleOf: (pod: Pod) => BindRule;
  readonly now: Date;
}

/** The rule of a pool. */
export function bindRule(pool: GPUPool): BindRule {
  const { bindTimeoutSeconds, onPartialBind = 'Wait' } = pool.spec.scheduling?.gang ?? {};
  const timeoutMillis = bindTimeoutSeconds === undefined ? USUAL_BIND_RULE.timeoutMillis : seconds(bindTimeoutSeconds);
  return { timeoutMillis, onPartialBind };
}

/**
 * Gangs that were released and do not run whole after the time their pool gives them. A gang that nobody has looked at,
 * none bound and none refused, is reported but not taken back: its pods would only meet the same silence again.
 */
export function partialGangs(source: PartialSource): readonly PartialGang[] {
  const { reader, released, bound } = source;
  const marks = new Map<string, GangMark>();
  for (const pod of [...released, ...bound]) {
    const mark = pod.metadata.labels?.[PLAN_LABEL] === undefined ? undefined : gangMark(pod, reader);
    if (mark !== undefined && (mark.minimum ?? 1) > 1) marks.set(mark.key, mark);
  }
  return [...marks.values()].flatMap((mark) => partialGang(mark, source) ?? []);
}

function partialGang(mark: GangMark, { reader, released, ruleOf, now }: PartialSource): PartialGang | undefined {
  const { key, index, minimum: need = 0, countsLiving } = mark;
  const members = reader
    .list(PodKind, { index: { name: PODS_BY_GANG, value: index } })
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .filter((pod) => key === index || gangMark(pod, reader)?.key === key);
  const waiting = new Set(released.map((pod) => pod.metadata.uid));
  const late = members.filter((pod) => waiting.has(pod.metadata.uid));
  const running = members.filter((pod) => pod.spec?.nodeName !== undefined && !isFinished(pod));
  const ended = members.filter(isFinished).length;
  const have = running.length + (countsLiving ? 0 : ended);
  // A gang that has begun to end is no longer partial: nothing is kept waiting by what is over.
  if (have >= need || (countsLiving && ended > 0 && late.length === 0)) return undefined;
  const planned = [...late, ...running].map((pod) => planTime(pod.metadata.labels?.[PLAN_LABEL]) ?? 0);
  const first = late[0] ?? running[0];
  const rule = first === undefined ? USUAL_BIND_RULE : ruleOf(first);
  if (now.getTime() - Math.max(...planned) <= rule.timeoutMillis) return undefined;
  const looked = running.length > 0 || late.some(wasRefused);
  return { key, need, have, bound: running, late, evict: rule.onPartialBind === 'Evict' && late.length > 0 && looked };
}
