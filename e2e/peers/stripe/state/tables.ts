import type { Customer, PaymentMethod, Price, Product } from '../catalog/records.ts';
import type { CreditGrant, CreditTransaction } from '../credits/records.ts';
import type { CreditNote, Invoice, InvoiceItem } from '../invoices/records.ts';
import type { Meter, MeterEvent, MeterSession } from '../metering/records.ts';
import type { CheckoutSession, Coupon, PortalConfiguration } from '../pages/records.ts';
import type { Subscription } from '../subscriptions/records.ts';
import type { TestClock, Timer } from '../time/records.ts';
import type { Delivery, Destination, Endpoint, Event, ThinEvent } from '../webhooks/records.ts';

/** An answer kept under an idempotency key. */
export interface Replay {
  /** The key itself. */
  readonly id: string;
  /** Route and parameters, to tell a repetition from a misuse. */
  readonly request: string;
  readonly status: number;
  readonly body: object;
  readonly at: number;
}

/** What became of the calls that carried an identifier; ground truth, not Stripe's. */
export interface Attempts {
  /** The identifier. */
  readonly id: string;
  readonly count: number;
  /** How often each outcome: accepted, duplicate, the code of a refusal, the name of a fault. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Everything the peer remembers, by table. */
export interface Tables {
  readonly counter: { readonly id: string; readonly value: number };
  readonly replay: Replay;
  readonly attempts: Attempts;
  readonly timer: Timer;
  readonly test_clock: TestClock;
  readonly meter: Meter;
  readonly meter_event: MeterEvent;
  /** When an identifier was accepted last. */
  readonly identifier: { readonly id: string; readonly received: number };
  readonly meter_session: MeterSession;
  readonly customer: Customer;
  readonly payment_method: PaymentMethod;
  readonly product: Product;
  readonly price: Price;
  readonly subscription: Subscription;
  readonly invoice: Invoice;
  readonly invoice_item: InvoiceItem;
  readonly credit_note: CreditNote;
  readonly credit_grant: CreditGrant;
  readonly credit_transaction: CreditTransaction;
  readonly checkout_session: CheckoutSession;
  readonly portal_configuration: PortalConfiguration;
  readonly coupon: Coupon;
  readonly event: Event;
  readonly thin_event: ThinEvent;
  readonly endpoint: Endpoint;
  readonly destination: Destination;
  readonly delivery: Delivery;
}
