/**
 * What each event does to the accounts; pure. Amounts are minor units in the scale of money/decimal.ts, debits positive.
 *
 *   event                     accrued  receivable  earnings  wash  prepaid  breakage
 *   usage is rated               +                     −
 *   a month's fee or minimum     +                     −
 *   a month is above a maximum   −                     +
 *   an invoice is finalised      −         +
 *   an invoice is paid                     −                  +
 *   credit is granted                                         +       −
 *   usage falls to credit        −                                    +
 *   credit lapses                                                     +        −
 */
import type { JournalAccount } from '../../store/index.ts';
import type { ItemKind } from '../fees/month.ts';

/** What a posting is about; each moves its amount from the second account to the first. */
export type PostingKind = 'charge' | ItemKind | 'invoice' | 'payment' | 'grant' | 'credit' | 'breakage';

/** One transaction of two entries. */
export interface Posting {
  readonly kind: PostingKind;
  /** What it is about, unique within its kind. */
  readonly subject: string;
  readonly tenant: string;
  readonly currency: string;
  /** Milliseconds since 1970. */
  readonly occurredAt: number;
  /** Negative where it takes back. */
  readonly amount: bigint;
}

const moves: Readonly<Record<PostingKind, readonly [JournalAccount, JournalAccount]>> = {
  charge: ['accrued', 'earnings'],
  fee: ['accrued', 'earnings'],
  minimum: ['accrued', 'earnings'],
  maximum: ['accrued', 'earnings'],
  invoice: ['receivable', 'accrued'],
  payment: ['wash', 'receivable'],
  grant: ['wash', 'prepaid'],
  credit: ['prepaid', 'accrued'],
  breakage: ['prepaid', 'breakage'],
};

/** The key under which a posting is in the journal once, however often it is said. */
export function keyOf({ kind, subject }: Pick<Posting, 'kind' | 'subject'>): string {
  return `${kind}/${subject}`;
}

/** The two sides of a posting: what they change adds up to nothing. */
export function entriesOf({
  kind,
  amount,
}: Pick<Posting, 'kind' | 'amount'>): readonly { readonly account: JournalAccount; readonly amount: bigint }[] {
  const [debit, credit] = moves[kind];
  return [
    { account: debit, amount },
    { account: credit, amount: -amount },
  ];
}
