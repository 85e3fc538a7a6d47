import type Stripe from 'stripe';
import { expect } from 'vitest';

import type { Case, Subject } from './subject.ts';

const hour = 3600;
const day = 24 * hour;

interface Plan {
  readonly clock: string;
  readonly customer: string;
  readonly price: string;
  readonly subscription: Stripe.Subscription;
  readonly start: number;
  readonly use: (identifier: string, value: number, at: number) => Promise<void>;
}

/** A customer on a test clock, at half a cent a GPU second, with a card. */
async function plan(subject: Subject, card: string): Promise<Plan> {
  const { stripe, mark } = subject;
  const start = (await subject.now()) - 60;
  const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: start, name: mark })).id;
  const customer = (await stripe.customers.create({ name: mark, test_clock: clock })).id;
  await pay(subject, customer, card);
  const event_name = `gpu_seconds__${mark}`;
  const aggregation = { default_aggregation: { formula: 'sum' } } as const;
  const meter = await stripe.billing.meters.create({ display_name: mark, event_name, ...aggregation });
  const recurring = { interval: 'month', usage_type: 'metered', meter: meter.id } as const;
  const tiers: Stripe.PriceCreateParams.Tier[] = [
    { up_to: 1000, unit_amount: 2 },
    { up_to: 'inf', unit_amount: 1 },
  ];
  const tiered = { billing_scheme: 'tiered', tiers_mode: 'graduated', tiers } as const;
  const price = await stripe.prices.create({ currency: 'usd', product_data: { name: mark }, recurring, ...tiered });
  const subscription = await stripe.subscriptions.create({ customer, items: [{ price: price.id }] });
  const use: Plan['use'] = async (identifier, value, timestamp) => {
    const payload = { stripe_customer_id: customer, value: String(value) };
    await stripe.billing.meterEvents.create({ event_name, identifier: `${mark}_${identifier}`, timestamp, payload });
  };
  return { clock, customer, price: price.id, subscription, start, use };
}

async function pay({ stripe }: Subject, customer: string, card: string): Promise<void> {
  const method = await stripe.paymentMethods.attach(card, { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });
}

async function advance(subject: Subject, clock: string, frozen_time: number): Promise<void> {
  await subject.stripe.testHelpers.testClocks.advance(clock, { frozen_time });
  await subject.until('the test clock is ready', async () => {
    const { status } = await subject.stripe.testHelpers.testClocks.retrieve(clock);
    return status === 'ready' ? true : undefined;
  });
}

async function cycle({ stripe }: Subject, { customer }: Plan): Promise<Stripe.Invoice | undefined> {
  const { data } = await stripe.invoices.list({ customer });
  return data.find(({ billing_reason }) => billing_reason === 'subscription_cycle');
}

const periodEnd = ({ subscription }: Plan): number => subscription.items.data[0]?.current_period_end ?? 0;

/** Cases of subscriptions, invoices and credits. */
export const billingCases: readonly Case[] = [
  {
    name: 'the preview states usage by tiers; the draft becomes the invoice an hour later, and is paid',
    run: async (subject) => {
      const subscribed = await plan(subject, 'pm_card_visa');
      const { clock, subscription, start, use } = subscribed;
      await use('a', 1500, start);
      const preview = await subject.until('the preview has the usage', async () => {
        const seen = await subject.stripe.invoices.createPreview({ subscription: subscription.id });
        return seen.total > 0 ? seen : undefined;
      });
      // 1000 at 2 cents, 500 at 1 cent.
      expect(preview.total).toBe(2500);
      await advance(subject, clock, periodEnd(subscribed) + 60);
      expect(await cycle(subject, subscribed)).toMatchObject({ status: 'draft', total: 2500 });
      await advance(subject, clock, periodEnd(subscribed) + 2 * hour);
      expect(await cycle(subject, subscribed)).toMatchObject({ status: 'paid', amount_paid: 2500 });
    },
  },
  {
    name: 'a card that declines makes the subscription past due; another one that pays makes it active',
    run: async (subject) => {
      const subscribed = await plan(subject, 'pm_card_chargeCustomerFail');
      const { clock, customer, subscription, start, use } = subscribed;
      await use('a', 1000, start);
      await advance(subject, clock, periodEnd(subscribed) + 60);
      await advance(subject, clock, periodEnd(subscribed) + 2 * hour);
      expect(await cycle(subject, subscribed)).toMatchObject({ status: 'open', attempted: true });
      expect((await subject.stripe.subscriptions.retrieve(subscription.id)).status).toBe('past_due');
      await pay(subject, customer, 'pm_card_visa');
      const owing = await cycle(subject, subscribed);
      expect(await subject.stripe.invoices.pay(owing?.id ?? '')).toMatchObject({ status: 'paid' });
      expect((await subject.stripe.subscriptions.retrieve(subscription.id)).status).toBe('active');
    },
  },
  {
    name: 'a credit grant is taken off when the invoice is finalised',
    run: async (subject) => {
      const subscribed = await plan(subject, 'pm_card_visa');
      const { clock, customer, start, use } = subscribed;
      await subject.stripe.billing.creditGrants.create({
        customer,
        category: 'paid',
        amount: { type: 'monetary', monetary: { currency: 'usd', value: 300 } },
        applicability_config: { scope: { price_type: 'metered' } },
      });
      await use('a', 1000, start);
      await advance(subject, clock, periodEnd(subscribed) + 60);
      expect(await cycle(subject, subscribed)).toMatchObject({ status: 'draft', subtotal: 2000 });
      await advance(subject, clock, periodEnd(subscribed) + 2 * hour);
      expect(await cycle(subject, subscribed)).toMatchObject({ status: 'paid', amount_paid: 1700 });
    },
  },
  {
    name: 'a draft can wait 72 hours, not longer',
    run: async (subject) => {
      const subscribed = await plan(subject, 'pm_card_visa');
      await subscribed.use('a', 10, subscribed.start);
      await advance(subject, subscribed.clock, periodEnd(subscribed) + 60);
      const { id = '', created = 0 } = (await cycle(subject, subscribed)) ?? {};
      const hold = (seconds: number) =>
        subject.stripe.invoices.update(id, { automatically_finalizes_at: created + seconds });
      expect((await hold(2 * day)).automatically_finalizes_at).toBe(created + 2 * day);
      await expect(hold(4 * day)).rejects.toMatchObject({ statusCode: 400 });
    },
  },
  {
    name: 'an invoice below zero owes nothing and becomes the customer’s balance',
    run: async ({ stripe }) => {
      const customer = (await stripe.customers.create({})).id;
      await stripe.invoiceItems.create({ customer, amount: -500, currency: 'usd' });
      const made = await stripe.invoices.create({
        customer,
        pending_invoice_items_behavior: 'include',
        auto_advance: false,
      });
      const invoice = await stripe.invoices.finalizeInvoice(made.id);
      expect(invoice).toMatchObject({ total: -500, amount_due: 0, status: 'paid' });
      expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -500 });
    },
  },
  {
    name: 'a credit note reduces an open invoice, and pays it when nothing is left',
    run: async ({ stripe }) => {
      const customer = (await stripe.customers.create({})).id;
      await stripe.invoiceItems.create({ customer, amount: 500, currency: 'usd' });
      const send = {
        collection_method: 'send_invoice',
        days_until_due: 7,
        pending_invoice_items_behavior: 'include',
      } as const;
      const made = await stripe.invoices.create({ customer, ...send });
      await stripe.invoices.finalizeInvoice(made.id);
      await stripe.creditNotes.create({ invoice: made.id, amount: 200 });
      expect(await stripe.invoices.retrieve(made.id)).toMatchObject({ amount_remaining: 300, status: 'open' });
      await expect(stripe.creditNotes.create({ invoice: made.id, amount: 400 })).rejects.toMatchObject({
        statusCode: 400,
      });
      await stripe.creditNotes.create({ invoice: made.id, amount: 300 });
      expect(await stripe.invoices.retrieve(made.id)).toMatchObject({ amount_remaining: 0, status: 'paid' });
    },
  },
  {
    name: 'a metered item takes no quantity',
    run: async (subject) => {
      const { customer, price } = await plan(subject, 'pm_card_visa');
      const made = subject.stripe.subscriptions.create({ customer, items: [{ price, quantity: 2 }] });
      await expect(made).rejects.toMatchObject({ statusCode: 400 });
    },
  },
  {
    name: 'a test clock goes forward only, by two intervals at most',
    run: async (subject) => {
      const { clock, start } = await plan(subject, 'pm_card_visa');
      const to = (frozen_time: number) => subject.stripe.testHelpers.testClocks.advance(clock, { frozen_time });
      await expect(to(start - 1)).rejects.toMatchObject({ statusCode: 400 });
      await expect(to(start + 100 * day)).rejects.toMatchObject({ statusCode: 400 });
    },
  },
];
