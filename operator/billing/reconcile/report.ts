import type { Store } from '../../store/index.ts';
import type { Report } from '../usage/report.ts';

/** An hour in which a provider's sum differs; GPU-seconds as integer strings, times RFC 3339. */
export interface DriftAnswer {
  /** Empty where nothing of ours is in the hour. */
  readonly tenant: string;
  readonly meter: string;
  readonly hour: string;
  readonly ours: string;
  readonly theirs: string;
  /** read-again: seen once; correct: a correction is on its way; hold: a person decides. */
  readonly action: 'read-again' | 'correct' | 'hold';
  readonly reason: string;
}

/** The answer of `gpuopt usage reconcile`; counts as integer strings. */
export interface ReconcileAnswer {
  /** Sums that the last hourly comparison with each provider looked at. */
  readonly checked: string;
  readonly drift: readonly DriftAnswer[];
  /** Usage rows that a person has to decide over. */
  readonly held: string;
}

const actions = { SEEN: 'read-again', HELD: 'hold', CORRECTED: 'correct', CLEARED: 'read-again' } as const;

/** `gpuopt usage reconcile`: what the comparisons that the operator makes have found and is not settled. */
export const reconcileReport: Report<ReconcileAnswer> = {
  path: '/api/v1/usage/reconcile',
  read: (store) => readAnswer(store),
  isAnswer: (value): value is ReconcileAnswer => 'drift' in value && 'checked' in value,
};

async function readAnswer({ db }: Store): Promise<ReconcileAnswer> {
  const last = await db
    .selectFrom('reconcile_run')
    .distinctOn('provider')
    .select(['provider', 'checked'])
    .where('scope', '=', 'hour')
    .orderBy('provider')
    .orderBy('id', 'desc')
    .execute();
  const drifts = await db
    .selectFrom('drift as d')
    .leftJoin('outbox as o', 'o.drift_id', 'd.id')
    .select(['d.tenant', 'd.event_name', 'd.hour', 'd.ours', 'd.theirs', 'd.state', 'd.reason'])
    .where((eb) =>
      eb.or([
        eb('d.state', 'in', ['SEEN', 'HELD']),
        eb.and([eb('d.state', '=', 'CORRECTED'), eb('o.state', 'not in', ['ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED'])]),
      ]),
    )
    .orderBy('d.hour')
    .orderBy('d.id')
    .execute();
  const { held } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<bigint>().as('held'))
    .where('state', '=', 'HOLD')
    .executeTakeFirstOrThrow();
  return {
    checked: String(last.reduce((sum, { checked }) => sum + checked, 0)),
    drift: drifts.map(({ tenant, event_name, hour, ours, theirs, state, reason }) => ({
      ...{ tenant: tenant ?? '', meter: event_name, hour: hour.toISOString(), ours, theirs },
      ...{ action: actions[state], reason },
    })),
    held: String(held),
  };
}
