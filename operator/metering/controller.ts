/** Keeps one interval in the store for every time that a pod held GPUs, from its bind to its end. */
import { Namespace, Node, Pod } from '../kube/index.ts';
import { Conflict, type Context, type Controller, Invalid, NotFound, singleton } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { decide } from './decide.ts';
import type { PodFact } from './facts.ts';
import { meteringFinalizer } from './labels.ts';
import { createMemory } from './memory.ts';
import { observe } from './observe.ts';
import { gpusOf } from './sku.ts';

/** The observer of pods. One pass looks at all of them: a restart needs nothing but the list and the store. */
export function meteringController(store: Store): Controller {
  const memory = createMemory(store);
  let settled: ReadonlySet<string> = new Set();
  return singleton('metering')
    .watches(Pod, { when: (now, before) => asksForGpus(now) || (before !== undefined && asksForGpus(before)) })
    .reads(Namespace)
    .reads(Node)
    .may({
      group: '',
      resource: 'pods',
      verbs: ['patch'],
      in: 'cluster',
      why: 'removes its finalizer from a pod whose interval is stored',
    })
    .debounce('500ms')
    .every('5s')
    .timeout('60s')
    .reconcile(async (ctx) => {
      const now = ctx.now().getTime();
      const pods = observe(ctx, now);
      const { open, before } = await memory.read();
      const plan = decide(pods, open, { now, before }, settled);
      await memory.write(plan, now);
      settled = new Set(pods.filter(({ end }) => end !== undefined).map(({ uid }) => uid));
      for (const pod of plan.release) await release(pod, ctx);
      return {};
    });
}

function asksForGpus(pod: Pod): boolean {
  return gpusOf(pod).length > 0;
}

/** Lets a pod go. A pod that is gone or changed meanwhile is looked at again by the next pass. */
async function release(pod: PodFact, ctx: Context): Promise<void> {
  const key = { namespace: pod.namespace, name: pod.name };
  const position = ctx.get(Pod, key)?.metadata.finalizers?.indexOf(meteringFinalizer) ?? -1;
  if (position < 0) return;
  const path = `/metadata/finalizers/${position}`;
  const body = [
    { op: 'test', path: '/metadata/uid', value: pod.uid },
    { op: 'test', path, value: meteringFinalizer },
    { op: 'remove', path },
  ];
  try {
    await ctx.patch(Pod, key, { type: 'json', body });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    const at = { pod: `${pod.namespace}/${pod.name}` };
    // The tests in the patch fail when the pod is gone or another finalizer went first: the next pass looks again.
    const overtaken = error instanceof Invalid || error instanceof NotFound || error instanceof Conflict;
    if (overtaken) ctx.log.debug(at, 'the pod changed before its finalizer could go');
    // One pod that cannot be let go must not keep the others from being metered.
    else ctx.log.warn({ ...at, err: error }, 'could not take the finalizer off the pod, trying again in the next pass');
  }
}
