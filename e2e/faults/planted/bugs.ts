import { randomBytes } from 'node:crypto';
import type { Controller } from '../../../operator/runtime/index.ts';
import { effectFirst, keepsFinalizer } from './finalizer-bugs.ts';
import {
  keepAll,
  noteKind,
  noteOf,
  notesBeside,
  outsideOf,
  owns,
  patchedController,
  ready,
  soundParts,
  toyController,
  wantedNames,
} from './toy.ts';

/** Makes the controller of a program of this name. */
export type Program = (name: string) => Controller;

/** The mistakes that operators are known for, each as one program. */
export const programs: Readonly<Record<string, Program>> = {
  sound: (name) => patchedController(name, {}),
  'random-name': randomName,
  'double-create': doubleCreate,
  'status-once': statusOnce,
  'status-first': statusFirst,
  'effect-first': effectFirst,
  'keeps-finalizer': keepsFinalizer,
  'never-silent': neverSilent,
  'swallows-conflict': swallowsConflict,
  'swallows-errors': swallowsErrors,
  'memory-as-truth': memoryAsTruth,
  'deletes-strangers': deletesStrangers,
  'stale-copy': staleCopy,
  'dies-of-errors': diesOfErrors,
  'edge-triggered': edgeTriggered,
};

/** Makes an object under a random name and remembers it in memory alone. */
function randomName(name: string): Controller {
  const made = new Set<string | undefined>();
  return patchedController(name, {
    keepNotes: async (toy, ctx) => {
      await soundParts.keepNotes(toy, ctx);
      if (made.has(toy.metadata.uid)) return;
      await ctx.apply(noteKind, noteOf(toy, `${toy.metadata.name}-${randomBytes(4).toString('hex')}`));
      made.add(toy.metadata.uid);
    },
    dropNotes: async () => undefined,
  });
}

/** Takes a lost answer for a failure and makes the object again under another name. */
function doubleCreate(name: string): Controller {
  return patchedController(name, {
    keepNotes: async (toy, ctx) => {
      const [first = ''] = wantedNames(toy);
      if (ctx.get(noteKind, { namespace: toy.metadata.namespace, name: first }) === undefined) {
        await ctx.create(noteKind, noteOf(toy, first)).catch(() => ctx.create(noteKind, noteOf(toy, `${first}-again`)));
      }
      await soundParts.keepNotes(toy, ctx);
    },
  });
}

/** Reports only in the pass that changed something. */
function statusOnce(name: string): Controller {
  return toyController(name, async (toy, ctx) => {
    const notes = notesBeside(toy, ctx).filter((note) => owns(toy, note));
    const right = notes.length === toy.spec.size && notes.every(({ data }) => data?.text === toy.spec.text);
    if (right && ctx.get(noteKind, outsideOf(toy)) !== undefined) return undefined;
    await keepAll(toy, ctx);
    return ready(toy);
  });
}

/** Writes the status before the effect, and believes it afterwards. */
function statusFirst(name: string): Controller {
  const promised = new Set<string>();
  return toyController(name, async (toy, ctx) => {
    const id = `${toy.metadata.uid} ${toy.metadata.generation}`;
    if (promised.has(id)) {
      await keepAll(toy, ctx);
      return ready(toy);
    }
    if (toy.status?.size === toy.spec.size && notesBeside(toy, ctx).some((note) => owns(toy, note))) {
      await keepAll(toy, ctx);
      return undefined;
    }
    if (toy.status?.size === toy.spec.size) return undefined;
    promised.add(id);
    return { ...ready(toy), after: 50 };
  });
}

/** Writes in every pass. */
function neverSilent(name: string): Controller {
  return toyController(name, async (toy, ctx) => {
    await keepAll(toy, ctx, {
      keepOutside: async () => {
        const data = { of: toy.metadata.name ?? '', at: String(Date.now()) };
        await ctx.apply(noteKind, { metadata: outsideOf(toy), data }, { owner: 'none' });
      },
    });
    return { ...ready(toy), after: 500 };
  });
}

/** Changes notes under a precondition, and takes its failure for success. */
function swallowsConflict(name: string): Controller {
  return patchedController(name, {
    keepNotes: async (toy, ctx) => {
      for (const wanted of wantedNames(toy)) {
        const { namespace } = toy.metadata;
        const found = ctx.get(noteKind, { namespace, name: wanted });
        if (found === undefined) await ctx.apply(noteKind, noteOf(toy, wanted));
        if (found === undefined || found.data?.text === toy.spec.text) continue;
        const body = { metadata: { resourceVersion: found.metadata.resourceVersion }, data: { text: toy.spec.text } };
        await ctx.patch(noteKind, { namespace, name: wanted }, { type: 'merge', body }).catch((error: unknown) => {
          if (!(error instanceof Error) || Reflect.get(error, 'code') !== 'Conflict') throw error;
        });
      }
    },
  });
}

/** Goes on as if nothing had happened. */
function swallowsErrors(name: string): Controller {
  return patchedController(name, {
    keepNotes: (toy, ctx) => soundParts.keepNotes(toy, ctx).catch(() => undefined),
  });
}

/** Takes back only what this very process has made. */
function memoryAsTruth(name: string): Controller {
  const made = new Set<string | undefined>();
  return patchedController(name, {
    keepOutside: async (toy, ctx) => {
      await soundParts.keepOutside(toy, ctx);
      made.add(toy.metadata.uid);
    },
    forget: async (toy, ctx) => {
      if (made.has(toy.metadata.uid)) await soundParts.forget(toy, ctx);
    },
  });
}

/** Removes what has a name like its own, whoever made it. */
function deletesStrangers(name: string): Controller {
  return patchedController(name, {
    dropNotes: async (toy, ctx) => {
      const kept = [...wantedNames(toy), outsideOf(toy).name];
      for (const note of notesBeside(toy, ctx)) {
        const found = note.metadata.name ?? '';
        if (found.startsWith(`${toy.metadata.name}-`) && !kept.includes(found)) await ctx.remove(noteKind, note);
      }
    },
  });
}

/** Keeps a copy of what it has seen, and never looks again. */
function staleCopy(name: string): Controller {
  const seen = new Map<string, string>();
  return patchedController(name, {
    keepNotes: async (toy, ctx) => {
      for (const wanted of wantedNames(toy)) {
        const id = `${toy.metadata.uid} ${wanted}`;
        if (seen.get(id) === toy.spec.text) continue;
        await ctx.apply(noteKind, noteOf(toy, wanted));
        seen.set(id, toy.spec.text);
      }
    },
  });
}

/** Ends the process over an error of one pass. */
function diesOfErrors(name: string): Controller {
  return patchedController(name, {
    keepNotes: (toy, ctx) => soundParts.keepNotes(toy, ctx).catch(() => process.exit(3)),
  });
}

/** Acts on the change and not on the state. */
function edgeTriggered(name: string): Controller {
  const before = new Map<string | undefined, number>();
  return patchedController(name, {
    dropNotes: async (toy, ctx) => {
      const shrunk = (before.get(toy.metadata.uid) ?? toy.spec.size) > toy.spec.size;
      before.set(toy.metadata.uid, toy.spec.size);
      if (shrunk) await soundParts.dropNotes(toy, ctx);
    },
  });
}
