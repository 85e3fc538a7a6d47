import { keyText, Pod } from '../../kube/index.ts';
import { isFinished, podRequests } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { foreign } from '../names.ts';
import type { HeldBack } from '../planner/index.ts';
import { type GangMark, gangMark, PODS_BY_GANG, planKey } from './gang.ts';

/** Gated pods that are planned together. */
export interface Formed {
  readonly key: string;
  readonly pods: readonly Pod[];
  /** What they complete runs already: they go in front, for what runs is idle until they come. */
  readonly urgent: boolean;
  /** Members of their gang that wait no longer and hold devices. */
  readonly beside: readonly Pod[];
  readonly heldBack?: HeldBack;
  /** Key of what is planned first, for a pod that is held back until it is out. */
  readonly follows?: string;
}

/** What gangs are formed from. */
export interface FormSource {
  readonly reader: Reader;
  /** Whether a member of a gang no longer waits: it has no gate, or its release was sent. */
  readonly isOut: (pod: Pod) => boolean;
}

/**
 * Sorts gated pods into what starts together. A gang starts once its pods exist; of an elastic one first as many as it
 * needs, and once they are out the others singly. What is missing from a gang that runs comes together and in front.
 */
export function formGangs(gated: readonly Pod[], source: FormSource): readonly Formed[] {
  const gangs = new Map<string, { readonly mark: GangMark | undefined; readonly pods: Pod[] }>();
  for (const pod of gated) {
    const mark = gangMark(pod, source.reader);
    const key = planKey(pod, mark);
    const known = gangs.get(key);
    if (known === undefined) gangs.set(key, { mark, pods: [pod] });
    else known.pods.push(pod);
  }
  return [...gangs].flatMap(([key, { mark, pods }]) =>
    mark === undefined ? [{ key, pods, urgent: false, beside: [] }] : formGang(mark, pods, source),
  );
}

function formGang(mark: GangMark, gated: readonly Pod[], source: FormSource): readonly Formed[] {
  const { key, minimum, unknown = 'its size is not known' } = mark;
  const { running, ended } = othersOf(mark, source);
  const holding = running.filter((pod) => podRequests(pod).devices.length > 0);
  const formed: Formed = { key, pods: gated, urgent: holding.length > 0, beside: holding };
  // Without its size nobody knows which of its pods must wait; but what runs must not wait for the rest.
  if (minimum === undefined) return [formed.urgent ? formed : { ...formed, heldBack: sizeless(unknown) }];
  const there = running.length + (mark.countsLiving ? 0 : ended);
  const missing = Math.max(0, minimum - there);
  // A member without devices is never gated: that it runs says nothing about the rest.
  if (!formed.urgent && gated.length < missing)
    return [{ ...formed, heldBack: incomplete(gated.length + there, minimum) }];
  return mark.elastic ? elastic(formed, missing) : [formed];
}

/** First the pods of the lowest rank up to the least number, then each of the others by itself. */
function elastic(whole: Formed, missing: number): readonly Formed[] {
  const ranked = [...whole.pods].sort(byRank);
  const first = ranked.slice(0, missing);
  const held = first.length > 0 ? { heldBack: afterFirst(first.length), follows: whole.key } : {};
  const rest = ranked
    .slice(missing)
    .map((pod): Formed => ({ ...whole, key: `${whole.key}+${keyText(pod)}`, pods: [pod], urgent: false, ...held }));
  return first.length === 0 ? rest : [{ ...whole, pods: first }, ...rest];
}

function othersOf({ key, index }: GangMark, { reader, isOut }: FormSource) {
  const others = reader
    .list(Pod, { index: { name: PODS_BY_GANG, value: index } })
    .filter((pod) => isOut(pod) && pod.metadata.deletionTimestamp === undefined)
    .filter((pod) => key === index || gangMark(pod, reader)?.key === key);
  const running = others.filter((pod) => !isFinished(pod));
  return { running, ended: others.length - running.length };
}

function sizeless(unknown: string): HeldBack {
  return { blocker: 'Data', sentence: `the size of its gang is not known yet; ${unknown}` };
}

function incomplete(have: number, need: number): HeldBack {
  const sentence = `${have} of the ${need} pods of its gang exist, and they start together; the rest must be created`;
  return { blocker: 'Data', sentence, need, have };
}

function afterFirst(need: number): HeldBack {
  const sentence = `the first ${need} pods of its gang start together, and it follows once they are released`;
  return { blocker: 'Data', sentence, need, have: 0 };
}

const RANKS = [foreign.jobIndex, foreign.lwsIndex] as const;

/** Ranks where the owner numbers its pods, else names: the first of a gang is often its coordinator. */
function byRank(left: Pod, right: Pod): number {
  return rankOf(left) - rankOf(right) || (keyText(left) < keyText(right) ? -1 : 1);
}

function rankOf({ metadata: { labels = {}, annotations = {} } }: Pod): number {
  const text = RANKS.map((name) => labels[name] ?? annotations[name]).find((rank) => rank !== undefined);
  return text === undefined ? 0 : Number(text);
}
