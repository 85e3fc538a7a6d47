/** What does not fit in a ledger; values as text, integers and times alike. */
export interface Mismatch {
  readonly tenant: string;
  readonly meter: string;
  /** RFC 3339. */
  readonly windowStart: string;
  /**
   * hash: a row is not what was hashed; link: a row does not follow the one before; revision: a revision is missing;
   * quantity, carry: not what the milliseconds and the remainder give; remainder: not what the last row left; grid: windows
   * overlap, leave a gap, or a row is of none; sum: not what the intervals add up to; device: not what the intervals are of;
   * correction: not what the person who corrected the window said.
   */
  readonly kind:
    | 'hash'
    | 'link'
    | 'revision'
    | 'quantity'
    | 'carry'
    | 'remainder'
    | 'grid'
    | 'sum'
    | 'device'
    | 'correction'
    | BillKind;
  readonly expected: string;
  readonly found: string;
}

/**
 * What does not fit in what rests on the windows: the price, the charge, the row that is sent, or what was posted of a month's
 * fee or commitment (then `meter` is fee, minimum or maximum, and `windowStart` the month's).
 */
export type BillKind = 'price' | 'charge' | 'outbox' | 'month';
