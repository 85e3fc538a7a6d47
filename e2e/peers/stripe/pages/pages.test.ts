import { expect, test } from 'vitest';

import { acme, ask, testPeer } from '../testing.ts';

const pages = { success_url: 'https://example.com/done' } as const;

test('a checkout that is completed leaves a card and a subscription', async () => {
  const { peer, stripe } = await testPeer();
  const recurring = { interval: 'month' } as const;
  const price = await stripe.prices.create({
    currency: 'usd',
    product_data: { name: 'x' },
    unit_amount: 900,
    recurring,
  });
  const line_items = [{ price: price.id, quantity: 1 }];
  const session = await stripe.checkout.sessions.create({ mode: 'subscription', customer: acme, line_items, ...pages });
  expect(session).toMatchObject({ status: 'open', url: expect.stringContaining(session.id) });
  await ask(peer, 'checkout', { session: session.id, card: 'pm_card_visa' });
  const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription'] });
  expect(done).toMatchObject({ status: 'complete', payment_status: 'paid', subscription: { status: 'active' } });
  await expect(ask(peer, 'checkout', { session: session.id, card: 'pm_card_visa' })).rejects.toThrow('complete');
});

test('a checkout to which nobody comes expires after a day', async () => {
  const { peer, stripe } = await testPeer();
  const session = await stripe.checkout.sessions.create({
    mode: 'setup',
    currency: undefined,
    customer: acme,
    ...pages,
  });
  await ask(peer, 'clock', { advanceSeconds: 86_401 });
  expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'expired', url: null });
  const { data } = await stripe.events.list({ type: 'checkout.session.expired' });
  expect(data).toHaveLength(1);
});

test('the portal needs a configuration, and a flow a subscription of the customer', async () => {
  const { stripe } = await testPeer();
  const open = () => stripe.billingPortal.sessions.create({ customer: acme });
  await expect(open()).rejects.toThrow('default configuration has not been created');
  await stripe.billingPortal.configurations.create({ features: { invoice_history: { enabled: true } } });
  expect(await open()).toMatchObject({ object: 'billing_portal.session', customer: acme });
  const flow_data = { type: 'subscription_cancel', subscription_cancel: { subscription: 'sub_other' } } as const;
  const wrong = stripe.billingPortal.sessions.create({ customer: acme, flow_data });
  await expect(wrong).rejects.toMatchObject({ code: 'resource_missing' });
});
