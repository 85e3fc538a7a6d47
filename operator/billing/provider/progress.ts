import type { Store } from '../../store/index.ts';

/** How far a provider's usage has come; times in milliseconds since 1970. */
export interface Progress {
  /** The event time of the oldest usage that the provider has not acknowledged. */
  readonly oldestUnsent?: number;
  /** Rows that were sent and of which nobody knows yet whether they arrived. */
  readonly ambiguous: number;
  /** GPU-seconds by which the provider's sums differ from what it acknowledged. */
  readonly drift: bigint;
  /** Hours whose difference a person has to decide over. */
  readonly heldHours: number;
}

/** Reads how far a provider's usage has come. */
export async function readProgress({ db }: Store, provider: string): Promise<Progress> {
  const unsent = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.min('event_at').as('oldest'))
    .select(({ fn }) => fn.countAll<bigint>().filterWhere('state', 'in', ['SENDING', 'UNKNOWN']).as('ambiguous'))
    .where('provider', '=', provider)
    .where('state', 'in', ['PENDING', 'SENDING', 'UNKNOWN'])
    .executeTakeFirstOrThrow();
  const drifts = await db
    .selectFrom('drift')
    .select(['state', 'ours', 'theirs'])
    .where('provider', '=', provider)
    .where('state', 'in', ['SEEN', 'HELD'])
    .execute();
  const sizes = drifts.map(({ ours, theirs }) => BigInt(ours) - BigInt(theirs)).map((one) => (one < 0n ? -one : one));
  return {
    oldestUnsent: unsent.oldest?.getTime(),
    ambiguous: Number(unsent.ambiguous),
    drift: sizes.reduce((sum, one) => sum + one, 0n),
    heldHours: drifts.filter(({ state }) => state === 'HELD').length,
  };
}
