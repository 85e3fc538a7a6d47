import { controller } from '../controller/builder.ts';
import type { Context, Controller, Kind, KubeObject, Outcome } from '../types.ts';

/** A custom resource for the runtime's own tests and scenarios. */
export interface Toy extends KubeObject {
  readonly spec: { readonly size: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly size?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: 'True' | 'False' | 'Unknown';
      readonly reason: string;
      readonly message: string;
      readonly lastTransitionTime: string;
      readonly observedGeneration?: number;
    }[];
  };
}

/** A child of a toy. */
export interface Note extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** The kind Toy of example.com. */
export const Toy: Kind<Toy> = { group: 'example.com', version: 'v1', kind: 'Toy', plural: 'toys', scope: 'Namespaced' };
/** ConfigMaps, as children of toys. */
export const Note: Kind<Note> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
};

/** What a pass over a toy does: a ConfigMap of its name holds its size. */
export async function makeNote(toy: Toy, ctx: Context): Promise<Outcome<NonNullable<Toy['status']>>> {
  const { namespace, name = '' } = toy.metadata;
  await ctx.apply(Note, { metadata: { namespace, name }, data: { size: String(toy.spec.size) } });
  const message = 'the note holds the size';
  return {
    status: { size: toy.spec.size, conditions: [{ type: 'Ready', status: 'True', reason: 'InForce', message }] },
  };
}

/** Keeps one ConfigMap a toy, which holds its size. */
export const toyMaker: Controller = controller(Toy).owns(Note).concurrency(4).reconcile(makeNote);
