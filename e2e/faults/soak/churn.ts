import { setTimeout as delay } from 'node:timers/promises';
import type { Api, Thing } from '../api.ts';

/** How a soak churns. */
export interface ChurnOptions {
  readonly api: Api;
  /** The collection of toys, and the namespace that holds them. */
  readonly collection: string;
  readonly apiVersion: string;
  readonly namespace: string;
  /** Toys that live at a time. */
  readonly toys: number;
  /** Writes of users under way at a time. */
  readonly width: number;
}

/** Every how many changes a toy is replaced by one of another name: what is kept by name shows as a leak. */
const REPLACED_EVERY = 5;
const RETRY_MILLIS = 500;

/** Changes, removes and makes toys until the signal. Rejects when the API server refuses. */
export async function churn(options: ChurnOptions, signal: AbortSignal): Promise<void> {
  const { api, collection, toys, width } = options;
  let made = 0;
  const names: string[] = [];
  const make = async (slot: number): Promise<void> => {
    made += 1;
    const name = `toy-${made}`;
    names[slot] = name;
    await api.apply(collection, toy(options, name, 0));
  };
  for (let slot = 0; slot < toys; slot += 1) await make(slot);
  let changes = 0;
  const lane = async (first: number): Promise<void> => {
    for (let slot = first; !signal.aborted; slot = slot + width < toys ? slot + width : first) {
      changes += 1;
      if (changes % REPLACED_EVERY === 0) {
        await api.remove(`${collection}/${names[slot]}`);
        await make(slot);
      } else await api.apply(collection, toy(options, names[slot] ?? '', changes));
    }
  };
  await Promise.all(Array.from({ length: width }, (_, first) => lane(first)));
  await delay(RETRY_MILLIS);
}

function toy({ apiVersion, namespace }: ChurnOptions, name: string, round: number): Thing {
  return {
    apiVersion,
    kind: 'Toy',
    metadata: { name, namespace },
    spec: { size: 1 + (round % 2), text: `round ${round}` },
  };
}
