import type { Mismatch } from '../../metering/index.ts';
import { formatDecimal } from '../money/decimal.ts';
import { unitPrice } from '../money/price.ts';
import { eventNameOf, ingestionOf } from '../outbox/event-name.ts';
import { identifierOf } from '../outbox/identifier.ts';
import { cost, type Rating } from '../rating/rate.ts';

/** A usage window with what rests on it, as stored; times in milliseconds since 1970. */
export interface BilledRow {
  readonly tenant: string;
  readonly meter: string;
  readonly start: number;
  readonly end: number;
  readonly revision: number;
  readonly quantity: bigint;
  readonly charge: {
    readonly tenant: string;
    readonly sku: string;
    readonly currency: string;
    readonly unitPrice: string;
    readonly quantity: bigint;
    readonly amount: string;
    /** By what the amount was rated; absent where its month mattered and is not known, as in charges of before 0022. */
    readonly rated?: { readonly rating: Rating; readonly from: bigint };
    /** The list's own statement of the price; absent where it has none. */
    readonly listed?: { readonly perHour: string; readonly unitPrice: string; readonly currency: string };
  };
  /** Absent where nothing was to be sent. */
  readonly sent?: {
    readonly identifier: string;
    readonly eventName: string;
    readonly customer: string;
    readonly at: number;
    readonly quantity: bigint;
    /** Whether it tells a difference, of which the window knows nothing. */
    readonly isDifference: boolean;
    readonly account: string;
    readonly mode: 'test' | 'live';
  };
}

type Fact = readonly [kind: 'price' | 'charge' | 'outbox', expected: string, found: string];

/** Recomputes the price, the charge and the frozen row of a window; one finding each at most. */
export function checkBill(row: BilledRow): readonly Mismatch[] {
  const at = { tenant: row.tenant, meter: row.meter, windowStart: new Date(row.start).toISOString() };
  const kinds = new Set<string>();
  return [...priceFacts(row), ...chargeFacts(row), ...outboxFacts(row)]
    .filter(([, expected, found]) => expected !== found)
    .filter(([kind]) => !kinds.has(kind) && kinds.add(kind))
    .map(([kind, expected, found]) => ({ ...at, kind, expected, found }));
}

function priceFacts({ charge: { listed, currency, unitPrice: charged } }: BilledRow): readonly Fact[] {
  if (listed === undefined) return [['price', 'a price of the list', 'none']];
  const perSecond = formatDecimal(unitPrice(listed.perHour, listed.currency));
  return [
    ['price', perSecond, listed.unitPrice],
    ['price', perSecond, charged],
    ['price', listed.currency, currency],
  ];
}

function amountFacts(quantity: bigint, { rated, amount }: BilledRow['charge']): readonly Fact[] {
  if (rated === undefined) return [];
  return [['charge', formatDecimal(cost(rated.rating, rated.from, quantity)), amount]];
}

function chargeFacts({ tenant, quantity, charge }: BilledRow): readonly Fact[] {
  return [
    ['charge', tenant, charge.tenant],
    ['charge', `${quantity}`, `${charge.quantity}`],
    ...amountFacts(quantity, charge),
  ];
}

function outboxFacts({ tenant, start, end, revision, quantity, charge, sent }: BilledRow): readonly Fact[] {
  if (sent === undefined) return [['outbox', `${quantity}`, '0']];
  const { account, mode, eventName, customer } = sent;
  const identity = { account, mode, eventName, customer, start: start / 1000, end: end / 1000, revision };
  // Where tenants share a customer, the names of those after the first are in their identifiers.
  const shared = identifierOf({ ...identity, tenant });
  const plain = identifierOf(identity);
  return [
    ['outbox', eventNameOf(charge.sku, ingestionOf(eventName)), eventName],
    ['outbox', sent.identifier === shared ? shared : plain, sent.identifier],
    ['outbox', new Date(end - 1000).toISOString(), new Date(sent.at).toISOString()],
    ...(sent.isDifference ? [] : [['outbox', `${quantity}`, `${sent.quantity}`] as const]),
  ];
}
