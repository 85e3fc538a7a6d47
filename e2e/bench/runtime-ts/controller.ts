import { type Controller, controller, type Key, type Reader } from '../../../operator/runtime/index.ts';
import { Assembly, ConfigMap, Part, Pod } from './kinds.ts';

const byPart = 'part';

/** A part that an assembly names is not there; the pass is repeated with backoff. */
class PartMissing extends Error {
  override readonly name = 'PartMissing';
  readonly code = 'PartMissing';
}

/** Keeps one ConfigMap an assembly, which holds its weight and parts; caches all pods. */
export function assemblyController(concurrency: number): Controller {
  return controller(Assembly)
    .owns(ConfigMap)
    .watches(Part, usersOf, { when: (now, before) => now.metadata.generation !== before.metadata.generation })
    .index(Assembly, byPart, ({ spec }) => spec.parts)
    .reads(Pod)
    .concurrency(concurrency)
    .reconcile(async (assembly, ctx) => {
      const { name = '', namespace } = assembly.metadata;
      const { parts, quantity } = assembly.spec;
      const weights = parts.map((part) => {
        const found = ctx.get(Part, { namespace, name: part });
        if (found === undefined) throw new PartMissing(`part ${part} is not there`);
        return found.spec.weight;
      });
      const weight = weights.reduce((sum, each) => sum + each, 0) * quantity;
      const data = { weight: String(weight), quantity: String(quantity), parts: parts.join(',') };
      await ctx.apply(ConfigMap, { metadata: { namespace, name }, data });
      const message = 'the child holds the weight';
      return { status: { weight, conditions: [{ type: 'Ready', status: 'True', reason: 'InForce', message }] } };
    });
}

function usersOf({ metadata: { name = '', namespace } }: Part, reader: Reader): readonly Key[] {
  const users = reader.list(Assembly, { namespace, index: { name: byPart, value: name } });
  return users.map(({ metadata }) => ({ namespace, name: metadata.name ?? '' }));
}
