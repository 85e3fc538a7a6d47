import type { ColumnType } from 'kysely';

import type { Decimal, Time } from './control.ts';

/** Accounts of the journal, seen from the operator's owner: debits are positive. */
export type JournalAccount = 'receivable' | 'accrued' | 'earnings' | 'prepaid' | 'breakage' | 'wash';

/** A transaction of the journal. */
export interface JournalTxTable {
  readonly id: ColumnType<bigint, never, never>;
  /** Derived from what it is about, so that saying it again changes nothing. */
  readonly key: string;
  readonly tenant: string;
  readonly currency: string;
  readonly occurred_at: Time;
  readonly recorded_at: ColumnType<Date, never, never>;
}

/** One side of a transaction. */
export interface JournalEntryTable {
  readonly tx: bigint;
  readonly account: JournalAccount;
  /** Minor units, twelve places; a debit is positive. */
  readonly amount: Decimal;
}

/** Tables of the journal. */
export interface JournalSchema {
  readonly journal_tx: JournalTxTable;
  readonly journal_entry: JournalEntryTable;
}
