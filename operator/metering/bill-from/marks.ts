import type { Store } from '../../store/index.ts';
import { decideMarks, type Marks } from './decide.ts';
import type { BillFrom } from './observe.ts';
import { alwaysBound } from './opening.ts';

/** Beginning of the names of watermarks; the namespace follows. */
const prefix = 'metering.bound/';

/** Keeps since when namespaces count from the bind, over restarts. */
export interface MarkKeeper {
  /** Stores what changed and answers the mark of a namespace, both in milliseconds since 1970. */
  keep(rules: ReadonlyMap<string, BillFrom | undefined>, now: number): Promise<(namespace: string) => number>;
}

/**
 * The marks are read once: under the fence nobody else changes them. They are stored before any interval that rests on
 * them. After a write that failed they are read again.
 */
export function createMarkKeeper(store: Store): MarkKeeper {
  let known: Marks | undefined;
  return {
    keep: async (rules, now) => {
      const before = known ?? (await readMarks(store));
      known = undefined;
      const changes = decideMarks(rules, before, now);
      if (changes.size > 0) await writeMarks(store, changes);
      const marks = new Map([...before, ...changes]);
      known = marks;
      return (namespace) => marks.get(namespace) ?? alwaysBound;
    },
  };
}

async function readMarks(store: Store): Promise<Marks> {
  const rows = await store.db
    .selectFrom('watermark')
    .select(['name', 'at'])
    .where('name', 'like', `${prefix}%`)
    .execute();
  return new Map(rows.map(({ name, at }) => [name.slice(prefix.length), at.getTime()]));
}

async function writeMarks(store: Store, marks: Marks): Promise<void> {
  const rows = [...marks].map(([namespace, at]) => ({ name: prefix + namespace, at: new Date(at) }));
  await store.fence.within(async (trx) => {
    await trx
      .insertInto('watermark')
      .values(rows)
      .onConflict((conflict) => conflict.column('name').doUpdateSet(({ ref }) => ({ at: ref('excluded.at') })))
      .execute();
  });
}
