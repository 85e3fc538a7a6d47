/** Two controllers that between them use every verb that the runtime can be asked for. */
import { type Controller, controller, type Kind, type KubeObject } from '../../../operator/runtime/index.ts';
import { makeNote, Note, Toy } from '../../../operator/runtime/testing/index.ts';

/** A second custom resource of the same shape. */
export const Gadget: Kind<Toy> = { ...Toy, kind: 'Gadget', plural: 'gadgets' };
const Secret: Kind<KubeObject> = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', scope: 'Namespaced' };
const ServiceAccount: Kind<KubeObject> = { ...Secret, kind: 'ServiceAccount', plural: 'serviceaccounts' };

/** One ConfigMap a toy, none for a toy of size 0; a finalizer; an event for each pass. */
const toys: Controller = controller(Toy)
  .owns(Note)
  .finalizer('example.com/toy', async () => undefined)
  .reconcile(async (toy, ctx) => {
    const { namespace, name = '' } = toy.metadata;
    const done = {
      regarding: toy,
      kind: Toy,
      type: 'Normal',
      reason: 'ToyMade',
      action: 'Make',
      note: 'made',
    } as const;
    ctx.event(done);
    const note = ctx.get(Note, { namespace, name });
    if (toy.spec.size === 0 && note !== undefined) await ctx.remove(Note, note);
    if (toy.spec.size > 0) return makeNote(toy, ctx);
    const ready = { type: 'Ready', status: 'True', reason: 'Removed', message: 'there is no note' } as const;
    return { status: { size: 0, conditions: [ready] } };
  });

/** Reads a Secret by name, makes a ServiceAccount, evicts a pod: what has verbs of its own. */
const gadgets: Controller = controller(Gadget)
  .may({ group: '', resource: 'secrets', verbs: ['get'], in: 'operator', resourceNames: ['key'], why: 'reads the key' })
  .may({ group: '', resource: 'serviceaccounts', verbs: ['create'], in: 'cluster', why: 'makes an account' })
  .may({ group: '', resource: 'pods/eviction', verbs: ['create'], in: 'cluster', why: 'evicts the victim' })
  .reconcile(async ({ metadata: { namespace, name = '' }, spec }, ctx) => {
    await ctx.live.get(Secret, { namespace: 'toy-system', name: 'key' });
    await ctx.create(ServiceAccount, { metadata: { namespace, name } });
    // It is not there: without the right the answer is no, with it that there is nothing to evict.
    await ctx.evict({ metadata: { namespace, name: 'victim', uid: 'none', resourceVersion: '1' } });
    const ready = { type: 'Ready', status: 'True', reason: 'Done', message: 'all of it was done' } as const;
    return { status: { size: spec.size, conditions: [ready] } };
  });

/** Both. */
export const controllers: readonly Controller[] = [toys, gadgets];
