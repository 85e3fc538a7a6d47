/** The operator's store and sink with points around what they do: the operator itself knows nothing of it. */
import type { KyselyPlugin } from 'kysely';

import type { UsageSink } from '../../../../operator/billing/sinks/index.ts';
import type { Store } from '../../../../operator/store/index.ts';
import type { Points } from './points.ts';

/** The store with points at the beginning, after each statement, before and after the commit of each transaction. */
export function withPoints(store: Store, points: Points): Store {
  const statements: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      points.reach('statement');
      return result;
    },
  };
  return {
    ...store,
    db: store.db.withPlugin(statements),
    fence: {
      epoch: () => store.fence.epoch(),
      within: async (work) => {
        points.reach('begin');
        const done = await store.fence.within(async (trx) => {
          // A transaction with a plugin is still one, which Kysely's types do not say.
          const result = await work(trx.withPlugin(statements) as typeof trx);
          points.reach('commit');
          return result;
        });
        points.reach('committed');
        return done;
      },
    },
  };
}

/** The sink with points before and after each call. */
export function sinkWithPoints(sink: UsageSink, points: Points): UsageSink {
  const between = async <T>(call: () => Promise<T>): Promise<T> => {
    points.reach('deliver');
    const delivery = await call();
    points.reach('delivered');
    return delivery;
  };
  const { batch } = sink;
  return {
    capabilities: sink.capabilities,
    ...(batch !== undefined && {
      batch: { ...batch, deliver: (rows, signal) => between(() => batch.deliver(rows, signal)) },
    }),
    deliver: (row, signal) => between(() => sink.deliver(row, signal)),
    recorded: async (eventName, customer, hour) => {
      points.reach('read');
      const recorded = await sink.recorded(eventName, customer, hour);
      points.reach('reading');
      return recorded;
    },
  };
}
