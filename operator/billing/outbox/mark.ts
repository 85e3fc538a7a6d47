/**
 * The number of the last batch that left, kept outside the database. A store whose own number is behind it was put back to
 * an earlier state, by whatever tool (rule R9).
 *
 * It is a ConfigMap of its own: the Lease is rewritten by whoever renews it, and a status is taken away with its object and
 * is not there for a store with several providers. And it is the number of the batch, not of the highest row: rows of
 * different customers leave out of order, so a store that lost a batch may still know the highest row.
 */
import { ConfigMap } from '../../kube/index.ts';
import { AlreadyExists, type Client, Conflict, type Permission } from '../../runtime/index.ts';

/** Keeps the number of the last batch where a restore of the database does not reach it. */
export interface SentMark {
  /** The number that is kept; 0 where none is. Rejects where that cannot be known: then nothing may leave. */
  read(signal: AbortSignal): Promise<bigint>;
  /** Keeps `batch`, unless a higher one is kept. Rejects where it cannot: then the batch may not leave. */
  raise(batch: bigint, signal: AbortSignal): Promise<void>;
}

const name = 'gpuopt-sent';

/** The right to keep the mark. */
export const markPermission: Permission = {
  group: '',
  resource: 'configmaps',
  verbs: ['get', 'create', 'update'],
  in: 'operator',
  why: 'keeps the number of the last batch of usage that left, which tells a database that was put back to an earlier state',
};

/**
 * The mark in the operator's namespace. What is kept is read once: only who leads writes it, and a number that a successor
 * raised meanwhile is found by its resourceVersion.
 */
export function clusterMark(client: Pick<Client, 'get' | 'create' | 'replace'>, namespace: string): SentMark {
  let kept: ConfigMap | undefined;
  let isRead = false;
  const load = async (signal: AbortSignal): Promise<ConfigMap | undefined> => {
    kept = await client.get(ConfigMap, { namespace, name }, signal);
    isRead = true;
    return kept;
  };
  const write = async (batch: bigint, signal: AbortSignal): Promise<void> => {
    const data = { batch: String(batch) };
    const fresh = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data } as const;
    kept =
      kept === undefined
        ? await client.create(ConfigMap, fresh, 'gpuopt-billing', signal)
        : await client.replace(ConfigMap, { ...kept, data }, signal);
  };
  return {
    read: async (signal) => numberOf(isRead ? kept : await load(signal)),
    raise: async (batch, signal) => {
      if (!isRead) await load(signal);
      if (numberOf(kept) >= batch) return;
      try {
        await write(batch, signal);
      } catch (error) {
        // Whatever came of it, the next look is at what is there.
        isRead = false;
        if (!(error instanceof Conflict || error instanceof AlreadyExists)) throw error;
        if (numberOf(await load(signal)) < batch) throw error;
      }
    },
  };
}

/**
 * The ConfigMap that says which batch left last does not hold a number.
 * @remedy look who changed it; delete it only if the database was never put back to an earlier state
 */
export class SentMarkUnreadable extends Error {
  override readonly name = 'SentMarkUnreadable';
  readonly code = 'SentMarkUnreadable';
}

function numberOf(map: ConfigMap | undefined): bigint {
  if (map === undefined) return 0n;
  const text = map.data?.batch ?? '';
  if (/^[0-9]{1,18}$/.test(text)) return BigInt(text);
  throw new SentMarkUnreadable(
    `data.batch of ConfigMap ${name} is "${text}", which is no number; nothing is sent until it is: put its last number back, or delete the ConfigMap if the database was never put back to an earlier state`,
  );
}
