import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { type Clock, createLogger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { emptyTables, storeKinds, testStores } from '../../store/testing/index.ts';
import { connect } from '../sinks/stripe/sdk.ts';
import { stripeWebhooks } from '../sinks/stripe/webhook-source.ts';
import { webhookApi } from './api.ts';
import { receive } from './receive.ts';
import type { WebhookSource } from './source.ts';
import { workInbox } from './work.ts';

const stores = testStores();
const opened = new Map<string, Store | { readonly unavailable: string }>();
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  for (const kind of storeKinds) opened.set(kind, await stores.open(kind));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(() => stores.close());

const log = createLogger({ level: 'silent' });
const signal = new AbortController().signal;
const provider = 'stripe';
const customer = 'cus_acme';
const types = [
  'invoice.created',
  'invoice.finalized',
  'invoice.paid',
  'invoice.payment_failed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
] as const;

type EnabledEvents = readonly Parameters<
  ReturnType<typeof connect>['webhookEndpoints']['create']
>[0]['enabled_events'][number][];

/** The peer, the room behind an HTTP server, and one time for both. */
class World {
  readonly store: Store;
  readonly peer: StripePeer;
  readonly stripe: ReturnType<typeof connect>;
  ahead = 0;
  secrets: string[] = [];
  hook = '';
  readonly clock: Clock = {
    now: () => Date.now() + this.ahead,
    monotonic: () => performance.now(),
    sleep: async () => undefined,
  };

  private constructor(store: Store, peer: StripePeer) {
    this.store = store;
    this.peer = peer;
    this.stripe = connect({ key: 'sk_test_peer', endpoint: peer.url });
  }

  static async open(store: Store, settings: object = {}): Promise<World> {
    await emptyTables(store);
    const peer = await startStripePeer({ customers: [customer], settings: { ratePerSecond: 100_000, ...settings } });
    closing.push(() => peer.close());
    const world = new World(store, peer);
    await world.#listen();
    return world;
  }

  get source(): WebhookSource {
    return stripeWebhooks({ key: 'sk_test_peer', endpoint: this.peer.url }, this.secrets);
  }

  async #listen(): Promise<void> {
    const handle = webhookApi(this.store, this.clock, async (name) =>
      name === provider ? { provider, mode: 'test', source: this.source } : undefined,
    );
    const server = createServer((request, response) => {
      handle(request, response).catch(() => response.writeHead(500).end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    this.hook = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhooks/${provider}`;
  }

  async control(route: string, body: object): Promise<void> {
    const response = await fetch(`${this.peer.url}/_peer/${route}`, { method: 'POST', body: JSON.stringify(body) });
    expect(response.status).toBe(200);
  }

  async jump(seconds: number): Promise<void> {
    this.ahead += seconds * 1000;
    await this.control('clock', { advanceSeconds: seconds });
  }

  /** Lets the peer send, and works through what came, until both are quiet. */
  async settle(): Promise<void> {
    await this.control('webhooks', {});
    while ((await workInbox(this, provider, this.source, signal)) > 0);
  }

  get log() {
    return log;
  }

  async subscribe(enabled_events: EnabledEvents = types): Promise<void> {
    const endpoint = await this.stripe.webhookEndpoints.create({ url: this.hook, enabled_events: [...enabled_events] });
    this.secrets = [endpoint.secret ?? '', ...this.secrets];
  }

  /** A subscription at 5.00 a month whose card declines its second month, and another card that pays. */
  async story(): Promise<{ readonly subscription: string; readonly invoices: readonly string[] }> {
    await this.control('payments', { customer, card: 'pm_card_visa' });
    const recurring = { interval: 'month' } as const;
    const price = await this.stripe.prices.create({
      currency: 'usd',
      unit_amount: 500,
      recurring,
      product_data: { name: 'plan' },
    });
    const { id } = await this.stripe.subscriptions.create({ customer, items: [{ price: price.id }] });
    await this.settle();
    await this.control('payments', { customer, card: 'pm_card_chargeCustomerFail' });
    await this.jump(32 * 86_400);
    await this.settle();
    await this.control('payments', { customer, card: 'pm_card_visa' });
    await this.jump(3 * 86_400);
    await this.settle();
    const { data } = await this.stripe.invoices.list({ customer });
    return { subscription: id, invoices: data.map((invoice) => invoice.id) };
  }

  async invoices(): Promise<readonly object[]> {
    const columns = ['invoice', 'status', 'total', 'amount_paid'] as const;
    return await this.store.db.selectFrom('invoice_mirror').select(columns).orderBy('invoice', 'desc').execute();
  }

  async events(): Promise<
    readonly { readonly event: string; readonly type: string; readonly state: string; readonly attempts: number }[]
  > {
    return await this.store.db.selectFrom('webhook_inbox').select(['event', 'type', 'state', 'attempts']).execute();
  }
}

const any = (nth: number, fault: string): object => ({ route: 'WEBHOOK *', nth, fault });

describe.each(storeKinds)('%s', (kind) => {
  const storeOr = (skip: (reason: string) => never): Store => {
    const store = opened.get(kind);
    if (store === undefined) throw new Error('the stores are opened before the tests');
    return 'unavailable' in store ? skip(store.unavailable) : store;
  };

  test.for([
    ['every event once and in order', []],
    ['every event twice', Array.from({ length: 40 }, (_, index) => any(index + 1, 'repeat'))],
    [
      'every second event overtaken by the next',
      Array.from({ length: 20 }, (_, index) => any(2 * index + 1, 'reorder')),
    ],
    ['events delayed by a minute', Array.from({ length: 20 }, (_, index) => any(2 * index + 1, 'delay'))],
    ['every event lost but those of the last payment', Array.from({ length: 5 }, (_, index) => any(index + 1, 'lose'))],
  ] as const)('%s: what stands is what the provider says', async ([, plan], { skip }) => {
    const world = await World.open(storeOr(skip));
    await world.subscribe();
    await world.control('faults', { plan });
    const { subscription, invoices } = await world.story();
    await world.jump(61);
    await world.settle();
    const expected = invoices.map((invoice) => ({ invoice, status: 'paid', total: '500', amount_paid: '500' }));
    const found = await world.invoices();
    // The first invoice was never told of when the first events were lost: nothing is invented.
    expect(found).toEqual(expected.slice(0, found.length));
    expect(found.length).toBe(plan.some((fault) => 'fault' in fault && fault.fault === 'lose') ? 1 : 2);
    const [mirrored] = await world.store.db.selectFrom('subscription_mirror').selectAll().execute();
    expect(mirrored).toMatchObject({ subscription, customer, status: 'active' });
    const events = await world.events();
    expect(new Set(events.map(({ event }) => event)).size).toBe(events.length);
    expect(events.every(({ state }) => state === 'DONE')).toBe(true);
  });

  test('an older reading does not replace a newer one', async ({ skip }) => {
    const world = await World.open(storeOr(skip));
    await world.subscribe();
    await world.story();
    const before = await world.invoices();
    const event = (await world.events()).find(({ type }) => type === 'invoice.paid');
    await world.store.db
      .updateTable('webhook_inbox')
      .set({ state: 'RECEIVED' })
      .where('event', '=', event?.event ?? '')
      .execute();
    const { source } = world;
    const stale: WebhookSource = {
      ...source,
      read: async (notice) => {
        const reading = await source.read(notice);
        return reading.kind === 'invoice' ? { ...reading, status: 'draft' } : reading;
      },
    };
    const past: Clock = { ...world.clock, now: () => world.clock.now() - 40 * 86_400_000 };
    await workInbox({ store: world.store, clock: past, log }, provider, stale, signal);
    expect(await world.invoices()).toEqual(before);
  });

  test('a credit note is told as what it makes of its invoice', async ({ skip }) => {
    const world = await World.open(storeOr(skip));
    await world.subscribe(['credit_note.created', 'credit_note.voided']);
    await world.stripe.invoiceItems.create({ customer, amount: 700, currency: 'usd' });
    const made = await world.stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include' });
    await world.stripe.invoices.finalizeInvoice(made.id);
    const amounts = async (): Promise<readonly object[]> => {
      await world.settle();
      return await world.store.db
        .selectFrom('invoice_mirror')
        .select(['total', 'credited', 'amount_remaining'])
        .execute();
    };
    const note = await world.stripe.creditNotes.create({ invoice: made.id, amount: 100 });
    expect(await amounts()).toEqual([{ total: '700', credited: '100', amount_remaining: '600' }]);
    await world.jump(1);
    await world.stripe.creditNotes.voidCreditNote(note.id);
    expect(await amounts()).toEqual([{ total: '700', credited: '0', amount_remaining: '700' }]);
  });

  test('a provider that does not answer is asked again later, and nothing is lost', async ({ skip }) => {
    const world = await World.open(storeOr(skip));
    await world.subscribe(['invoice.paid']);
    const plan = [1, 2].map((nth) => ({ route: 'GET /v1/invoices/*', nth, fault: '500-before-accept' }));
    await world.control('faults', { plan });
    await world.control('payments', { customer, card: 'pm_card_visa' });
    await world.stripe.invoiceItems.create({ customer, amount: 700, currency: 'usd' });
    const made = await world.stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include' });
    await world.stripe.invoices.finalizeInvoice(made.id);
    await world.stripe.invoices.pay(made.id);
    await world.control('webhooks', {});
    const work = () => workInbox(world, provider, world.source, signal);
    await work();
    expect(await world.events()).toMatchObject([{ state: 'RECEIVED', attempts: 1 }]);
    expect(await work()).toBe(0);
    await world.jump(2);
    await work();
    await world.jump(3);
    await work();
    expect(await world.events()).toMatchObject([{ state: 'DONE', attempts: 2 }]);
    expect(await world.invoices()).toMatchObject([{ status: 'paid', total: '700' }]);
  });

  test('a crash before the commit leaves the event in the inbox and nothing of what was read', async ({ skip }) => {
    const world = await World.open(storeOr(skip));
    await world.subscribe(['invoice.created']);
    await world.stripe.invoices.create({ customer });
    await world.control('webhooks', {});
    const dying: Store = {
      ...world.store,
      fence: {
        ...world.store.fence,
        within: (work) =>
          world.store.fence.within(async (trx) => {
            await work(trx);
            throw new Error('killed');
          }),
      },
    };
    await expect(workInbox({ ...world, store: dying, log }, provider, world.source, signal)).rejects.toThrow('killed');
    expect([await world.invoices(), (await world.events())[0]?.state]).toEqual([[], 'RECEIVED']);
    await world.settle();
    expect([(await world.invoices()).length, (await world.events())[0]?.state]).toEqual([1, 'DONE']);
  });

  test('an error report names the usage that is not counted, by whichever call it came, and no repetition', async ({
    skip,
  }) => {
    const world = await World.open(storeOr(skip), { validation: 'late' });
    const destination = await world.stripe.v2.core.eventDestinations.create({
      name: 'errors',
      type: 'webhook_endpoint',
      event_payload: 'thin',
      enabled_events: ['v1.billing.meter.error_report_triggered', 'v1.billing.meter.no_meter_found'],
      webhook_endpoint: { url: world.hook },
      include: ['webhook_endpoint.signing_secret'],
    });
    world.secrets = [destination.webhook_endpoint?.signing_secret ?? ''];
    const sum = { default_aggregation: { formula: 'sum' } } as const;
    await world.stripe.billing.meters.create({ display_name: 's', event_name: 'gpu_seconds__l4', ...sum });
    const send = (event_name: string, identifier: string, to: string) =>
      world.stripe.billing.meterEvents.create({
        event_name,
        identifier,
        payload: { stripe_customer_id: to, value: '1' },
      });
    await send('gpu_seconds__l4', 'good', customer);
    await send('gpu_seconds__l4', 'stranger', 'cus_nobody');
    await send('gpu_seconds__none', 'homeless', customer);
    const { authentication_token: key } = await world.stripe.v2.billing.meterEventSession.create();
    const streamed = (identifier: string, to: string) => {
      return { event_name: 'gpu_seconds__l4', identifier, payload: { stripe_customer_id: to, value: '1' } };
    };
    await connect({ key, endpoint: world.peer.url }).v2.billing.meterEventStream.create({
      events: [streamed('good', customer), streamed('streamed', 'cus_nobody')],
    });
    await world.settle();
    const rows = await world.store.db
      .selectFrom('usage_rejection')
      .select(['identifier', 'code'])
      .orderBy('identifier')
      .execute();
    expect(rows).toEqual([
      { identifier: 'homeless', code: 'no_meter' },
      { identifier: 'stranger', code: 'meter_event_customer_not_found' },
      { identifier: 'streamed', code: 'meter_event_customer_not_found' },
    ]);
  });

  test.for<[string, { readonly secret?: string; readonly suffix?: string }, number, 'test' | 'live']>([
    ['no signature', {}, 0, 'test'],
    ['a signature of another secret', { secret: 'whsec_other' }, 0, 'test'],
    ['a payload that was changed', { suffix: ' ' }, 0, 'test'],
    ['a signature of six minutes ago', {}, 360, 'test'],
    ['an event of live mode', {}, 0, 'live'],
  ])('%s is refused, and nothing is kept', async ([name, { secret = 'whsec_1', suffix = '' }, age, mode], { skip }) => {
    const world = await World.open(storeOr(skip));
    world.secrets = ['whsec_1'];
    const object = { id: 'in_1', object: 'invoice' };
    const payload = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      type: 'invoice.paid',
      created: 1,
      livemode: mode === 'live',
      data: { object },
    });
    const timestamp = Math.floor(world.clock.now() / 1000) - age;
    const header = world.stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
    const signature = name === 'no signature' ? '' : header;
    const receipt = await receive(
      world.store,
      { provider, mode: 'test', source: world.source },
      payload + suffix,
      signature,
      world.clock.now(),
    );
    expect(receipt.kind).toBe('refused');
    expect(JSON.stringify(receipt)).not.toContain('whsec');
    expect(await world.events()).toEqual([]);
  });

  test('a secret that is rolled: the old and the new one are taken', async ({ skip }) => {
    const world = await World.open(storeOr(skip));
    world.secrets = ['whsec_new', 'whsec_old'];
    for (const [index, secret] of ['whsec_old', 'whsec_new'].entries()) {
      const payload = JSON.stringify({
        id: `evt_${index}`,
        object: 'event',
        type: 'x',
        created: 1,
        livemode: false,
        data: { object: {} },
      });
      const timestamp = Math.floor(world.clock.now() / 1000);
      const headers = {
        'stripe-signature': world.stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }),
      };
      expect((await fetch(world.hook, { method: 'POST', body: payload, headers })).status).toBe(200);
    }
    expect(await world.events()).toHaveLength(2);
  });
});

test.each([
  ['another method', 'stripe', { method: 'GET' }, 405],
  ['a provider that is not known', 'other', { method: 'POST', body: '{}' }, 404],
  ['more than a megabyte', 'stripe', { method: 'POST', body: 'x'.repeat((1 << 20) + 1) }, 413],
  ['no signature', 'stripe', { method: 'POST', body: '{}' }, 400],
])('%s is answered with its status', async (_, name, init, status) => {
  const store = opened.get('pglite');
  if (store === undefined || 'unavailable' in store) throw new Error('PGlite is always there');
  const world = await World.open(store);
  const response = await fetch(world.hook.replace(/stripe$/, name), init);
  expect(response.status).toBe(status);
});
