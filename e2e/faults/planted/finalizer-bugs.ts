import { type Context, type Controller, controller } from '../../../operator/runtime/index.ts';
import { finalizerOf, keepAll, noteKind, ready, soundParts, type Toy, toyKind } from './toy.ts';

/** Has the effect first and promises to take it back second. */
export function effectFirst(name: string): Controller {
  return byHand(name, async (toy, ctx, setFinalizers) => {
    await keepAll(toy, ctx);
    if (toy.metadata.finalizers === undefined) await setFinalizers([finalizerOf(name)]);
  });
}

/** Takes its effect back and leaves its finalizer. */
export function keepsFinalizer(name: string): Controller {
  return byHand(
    name,
    async (toy, ctx, setFinalizers) => {
      if (toy.metadata.finalizers === undefined) await setFinalizers([finalizerOf(name)]);
      await keepAll(toy, ctx);
    },
    'leave',
  );
}

type Work = (toy: Toy, ctx: Context, setFinalizers: (names: readonly string[]) => Promise<unknown>) => Promise<void>;

/** A controller that keeps its finalizer by itself, as many do. */
function byHand(name: string, work: Work, atEnd: 'remove' | 'leave' = 'remove'): Controller {
  const kind = toyKind(name);
  return controller(kind, 'toy')
    .owns(noteKind)
    .may({ group: kind.group, resource: kind.plural, verbs: ['patch'], in: 'cluster', why: 'keeps its finalizer' })
    .when((now, before) => before?.metadata.generation !== now.metadata.generation || isDeleting(now))
    .withoutStatus()
    .reconcile(async (toy, ctx) => {
      const { metadata } = toy;
      const setFinalizers = (finalizers: readonly string[]) =>
        ctx.patch(
          kind,
          { namespace: metadata.namespace, name: metadata.name ?? '' },
          { type: 'merge', body: { metadata: { finalizers } } },
        );
      if (isDeleting(toy)) {
        if (metadata.finalizers === undefined) return undefined;
        await soundParts.forget(toy, ctx);
        if (atEnd === 'remove') await setFinalizers([]);
        return undefined;
      }
      await work(toy, ctx, setFinalizers);
      return ready(toy);
    });
}

function isDeleting({ metadata }: Toy): boolean {
  return metadata.deletionTimestamp !== undefined;
}
