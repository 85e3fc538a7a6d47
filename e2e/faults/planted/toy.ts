import {
  type Context,
  type Controller,
  controller,
  type Kind,
  type KubeObject,
} from '../../../operator/runtime/index.ts';

/** A toy: it wants `size` notes that say `text`, and one more that no owner reference ties to it. */
export interface Toy extends KubeObject {
  readonly spec: { readonly size: number; readonly text: string };
  readonly status?: { readonly size?: number; readonly conditions?: readonly object[] };
}

/** A ConfigMap. */
export interface Note extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** What a planted bug may replace; without a bug the program is sound. */
export interface Parts {
  readonly keepNotes: (toy: Toy, ctx: Context) => Promise<void>;
  readonly dropNotes: (toy: Toy, ctx: Context) => Promise<void>;
  readonly keepOutside: (toy: Toy, ctx: Context) => Promise<void>;
  readonly forget: (toy: Toy, ctx: Context) => Promise<void>;
}

/** The kind ConfigMap. */
export const noteKind: Kind<Note> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
};

/** The kind Toy in the group of one program: each has its own, so that many run in one cluster and none sees another's toys. */
export function toyKind(program: string): Kind<Toy> {
  return {
    group: `${program}.planted.gpuoptimizer.io`,
    version: 'v1',
    kind: 'Toy',
    plural: 'toys',
    scope: 'Namespaced',
  };
}

/** The finalizer of one program. */
export function finalizerOf(program: string): string {
  return `${toyKind(program).group}/toy`;
}

/** Whether a note is the toy's own. */
export function owns(toy: Toy, { metadata }: Note): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === toy.metadata.uid) === true;
}

/** The notes of the toy's namespace. */
export function notesBeside(toy: Toy, ctx: Context): readonly Note[] {
  return ctx.list(noteKind, { namespace: toy.metadata.namespace });
}

/** Names of the notes that a toy wants. */
export function wantedNames({ metadata, spec }: Toy): readonly string[] {
  return Array.from({ length: spec.size }, (_, at) => `${metadata.name}-${at}`);
}

/** The note that a toy wants under a name. */
export function noteOf(toy: Toy, name: string) {
  return { metadata: { namespace: toy.metadata.namespace, name }, data: { text: toy.spec.text } };
}

/** The key of the note outside. */
export function outsideOf({ metadata }: Toy) {
  return { namespace: metadata.namespace, name: `${metadata.name}-outside` };
}

/** The sound parts. */
export const soundParts: Parts = {
  keepNotes: async (toy, ctx) => {
    for (const name of wantedNames(toy)) await ctx.apply(noteKind, noteOf(toy, name));
  },
  dropNotes: async (toy, ctx) => {
    const wanted = wantedNames(toy);
    for (const note of notesBeside(toy, ctx)) {
      if (owns(toy, note) && !wanted.includes(note.metadata.name ?? '')) await ctx.remove(noteKind, note);
    }
  },
  keepOutside: async (toy, ctx) => {
    const data = { of: toy.metadata.name ?? '' };
    await ctx.apply(noteKind, { metadata: outsideOf(toy), data }, { owner: 'none' });
  },
  forget: async (toy, ctx) => {
    const outside = await ctx.live.get(noteKind, outsideOf(toy));
    if (outside !== undefined) await ctx.remove(noteKind, outside);
  },
};

/** Does all that a toy wants. */
export async function keepAll(toy: Toy, ctx: Context, parts: Partial<Parts> = {}): Promise<void> {
  const { keepNotes, dropNotes, keepOutside } = { ...soundParts, ...parts };
  await keepNotes(toy, ctx);
  await dropNotes(toy, ctx);
  await keepOutside(toy, ctx);
}

/** The end of a pass that did all of it. */
export function ready(toy: Toy) {
  const message = 'the notes are there';
  const condition = { type: 'Ready', status: 'True' as const, reason: 'InForce', message };
  return { status: { size: toy.spec.size, conditions: [condition] } };
}

/** What one program does in a pass; nothing means that the status stays. */
export type Pass = (toy: Toy, ctx: Context) => Promise<(ReturnType<typeof ready> & { after?: number }) | undefined>;

/** A controller with the runtime's finalizer around a pass. */
export function toyController(program: string, pass: Pass, forget: Parts['forget'] = soundParts.forget): Controller {
  return controller(toyKind(program), 'toy')
    .owns(noteKind)
    .finalizer(finalizerOf(program), forget)
    .reconcile(async (toy, ctx) => await pass(toy, ctx));
}

/** A controller of the sound pass with some parts replaced. */
export function patchedController(program: string, parts: Partial<Parts>): Controller {
  const pass: Pass = async (toy, ctx) => {
    await keepAll(toy, ctx, parts);
    return ready(toy);
  };
  return toyController(program, pass, parts.forget);
}
