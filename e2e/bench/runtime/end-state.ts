import { isDeepStrictEqual } from 'node:util';
import { churned } from './assembly-phases.ts';
import { ASSEMBLIES, assemblyName, assemblySpec, CHILDREN, partsFor } from './objects.ts';
import type { RuntimeWorld } from './world.ts';

/** What was made is not what the specs ask for; the message names the first object that differs. */
export class EndStateWrong extends Error {
  override readonly name = 'EndStateWrong';
  readonly code = 'END_STATE_WRONG';
}

interface Assembly {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly weight?: number;
    readonly conditions?: readonly Readonly<Record<string, unknown>>[];
  };
}

interface Child {
  readonly metadata: {
    readonly name: string;
    readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[];
  };
  readonly data?: Readonly<Record<string, string>>;
}

interface List<T> {
  readonly items: readonly T[];
}

/** What is compared of an assembly and its child: everything but names that the server chooses, and times. */
interface Made {
  readonly status: object;
  readonly data: Readonly<Record<string, string>> | undefined;
  readonly owned: boolean;
}

/**
 * Compares every assembly after `churn`, with its child, to what its spec asks for, and says how many were right;
 * rejects with EndStateWrong at the first that is not, and when there are more or fewer.
 */
export async function checkEndState({ api }: RuntimeWorld, assemblies: number): Promise<number> {
  const list = async <T>(path: string): Promise<readonly T[]> => {
    const { items }: List<T> = JSON.parse((await api.send('GET', path)).text);
    return items;
  };
  const found = await list<Assembly>(ASSEMBLIES);
  const children = new Map((await list<Child>(CHILDREN)).map((child) => [child.metadata.name, child]));
  if (found.length !== assemblies || children.size !== assemblies) {
    throw new EndStateWrong(`${found.length} assemblies have ${children.size} children; both should be ${assemblies}`);
  }
  const wanted = wantedAfterChurn(assemblies);
  for (const assembly of found) {
    const made = madeOf(assembly, children.get(assembly.metadata.name));
    const want = wanted.get(assembly.metadata.name);
    if (isDeepStrictEqual(made, want)) continue;
    const told = `${JSON.stringify(made)} instead of ${JSON.stringify(want)}`;
    throw new EndStateWrong(`${assembly.metadata.name} came to ${told}`);
  }
  return found.length;
}

function madeOf({ metadata, status }: Assembly, child: Child | undefined): Made {
  const conditions = status?.conditions?.map(({ lastTransitionTime, ...rest }) => rest);
  const owner = child?.metadata.ownerReferences?.[0];
  return {
    status: { ...status, conditions },
    data: child?.data,
    owned: owner?.uid === metadata.uid && owner.controller === true,
  };
}

function wantedAfterChurn(assemblies: number): ReadonlyMap<string, Made> {
  const weights = new Map(partsFor(assemblies).map(({ name, spec }) => [name, spec.weight]));
  const changed = new Set(churned(assemblies));
  const wanted = Array.from({ length: assemblies }, (_, index): [string, Made] => {
    const { parts, quantity: before } = assemblySpec(index, assemblies);
    const quantity = before + (changed.has(index) ? 1 : 0);
    const observedGeneration = changed.has(index) ? 2 : 1;
    const weight = parts.reduce((sum, part) => sum + (weights.get(part) ?? Number.NaN), 0) * quantity;
    const message = 'the child holds the weight';
    const ready = { type: 'Ready', status: 'True', reason: 'InForce', message, observedGeneration };
    return [
      assemblyName(index),
      {
        status: { observedGeneration, weight, conditions: [ready] },
        data: { weight: String(weight), quantity: String(quantity), parts: parts.join(',') },
        owned: true,
      },
    ];
  });
  return new Map(wanted);
}
