import type { Store } from '../store/index.ts';
import type { OpenInterval, Plan } from './facts.ts';
import { readOpen, writePlan } from './repository.ts';

/** What the store holds open and when a pass last looked, kept in memory between passes. */
export interface Memory {
  read(): Promise<{ readonly open: readonly OpenInterval[]; readonly before?: number }>;
  write(plan: Plan, now: number): Promise<void>;
}

/**
 * The open intervals are read once: under the fence nobody else changes them, and reading ten thousand rows for every
 * pass costs more than the pass. After a write that failed they are read again, since nobody knows what it did.
 */
export function createMemory(store: Store): Memory {
  let known: { readonly open: ReadonlyMap<string, OpenInterval>; readonly before?: number } | undefined;
  return {
    read: async () => {
      if (known === undefined) {
        const { open, before } = await readOpen(store);
        known = { open: new Map(open.map((one) => [keyOf(one), one])), before };
      }
      return { open: [...known.open.values()], before: known.before };
    },
    write: async (plan, now) => {
      const open = new Map(known?.open);
      known = undefined;
      await writePlan(store, plan, now);
      for (const closing of plan.close) open.delete(keyOf(closing));
      for (const { uid, namespace, pod, deviceKey, tenant, openedAt, end } of plan.open) {
        const interval = { uid, namespace, pod, deviceKey, tenant, openedAt };
        if (end === undefined) open.set(keyOf(interval), interval);
      }
      known = { open, before: now };
    },
  };
}

function keyOf({ uid, deviceKey }: { readonly uid: string; readonly deviceKey: string }): string {
  return `${uid}\n${deviceKey}`;
}
