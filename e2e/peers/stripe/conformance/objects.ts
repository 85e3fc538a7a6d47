import Stripe from 'stripe';
import { expect } from 'vitest';

import type { Case, Subject } from './subject.ts';

const bad = { type: 'StripeInvalidRequestError', statusCode: 400 };
const monthly = { interval: 'month' } as const;

async function product({ stripe, mark }: Subject): Promise<string> {
  return (await stripe.products.create({ name: mark })).id;
}

/** Cases of requests as such, and of customers, products and prices. */
export const objectCases: readonly Case[] = [
  {
    name: 'a key that is nobody’s is refused',
    run: async ({ withKey }) => {
      const wrong = withKey('sk_test_000000000000000000000000').accounts.retrieveCurrent();
      await expect(wrong).rejects.toMatchObject({ type: 'StripeAuthenticationError', statusCode: 401 });
    },
  },
  {
    name: 'a version that never was is refused',
    run: async ({ stripe }) => {
      const asked = stripe.customers.list({}, { apiVersion: '1999-01-01' });
      await expect(asked).rejects.toMatchObject({ type: 'StripeInvalidRequestError' });
    },
  },
  {
    name: 'a parameter that is not known is refused by its name',
    run: async ({ stripe }) => {
      const asked = stripe.rawRequest('POST', '/v1/customers', { nmae: 'a' });
      await expect(asked).rejects.toMatchObject({ ...bad, code: 'parameter_unknown', param: 'nmae' });
    },
  },
  {
    name: 'a parameter that is missing is refused by its name',
    run: async ({ stripe }) => {
      const asked = stripe.rawRequest('POST', '/v1/products', {});
      await expect(asked).rejects.toMatchObject({ ...bad, code: 'parameter_missing', param: 'name' });
    },
  },
  {
    name: 'an object that is not there is 404 with resource_missing',
    run: async ({ stripe }) => {
      const missing = { statusCode: 404, code: 'resource_missing' };
      await expect(stripe.customers.retrieve('cus_nobody')).rejects.toMatchObject(missing);
    },
  },
  {
    name: 'an idempotency key gives the first answer again, and takes no other parameters',
    run: async ({ stripe, mark }) => {
      const options = { idempotencyKey: `${mark}_key` };
      const first = await stripe.customers.create({ name: 'a' }, options);
      expect((await stripe.customers.create({ name: 'a' }, options)).id).toBe(first.id);
      const other = stripe.customers.create({ name: 'b' }, options);
      await expect(other).rejects.toMatchObject({ type: 'StripeIdempotencyError' });
    },
  },
  {
    name: 'metadata is merged, and an empty value removes its key',
    run: async ({ stripe }) => {
      const { id } = await stripe.customers.create({ metadata: { a: '1', b: '2' } });
      const { metadata } = await stripe.customers.update(id, { metadata: { b: '', c: '3' } });
      expect(metadata).toEqual({ a: '1', c: '3' });
    },
  },
  {
    name: 'a price keeps twelve decimals of a cent, and its amounts never change',
    run: async (subject) => {
      const { stripe } = subject;
      const unit_amount_decimal = Stripe.Decimal.from('0.069444444444');
      const price = await stripe.prices.create({
        currency: 'usd',
        product: await product(subject),
        unit_amount_decimal,
      });
      expect(price.unit_amount_decimal?.toString()).toBe('0.069444444444');
      const change = stripe.rawRequest('POST', `/v1/prices/${price.id}`, { unit_amount: 5 });
      await expect(change).rejects.toMatchObject({ ...bad, code: 'parameter_unknown' });
    },
  },
  {
    name: 'tiers are answered when they are asked for',
    run: async (subject) => {
      const tiers = [
        { up_to: 100, unit_amount: 10 },
        { up_to: 'inf', unit_amount: 5 },
      ] as const;
      const made = await subject.stripe.prices.create({
        ...{ currency: 'usd', product: await product(subject), recurring: monthly },
        ...{ billing_scheme: 'tiered', tiers_mode: 'graduated', tiers: [...tiers], expand: ['tiers'] },
      });
      expect(made.tiers).toMatchObject([
        { up_to: 100, unit_amount: 10 },
        { up_to: null, unit_amount: 5 },
      ]);
      expect((await subject.stripe.prices.retrieve(made.id)).tiers).toBeUndefined();
    },
  },
  {
    name: 'a metered price needs a meter',
    run: async (subject) => {
      const recurring = { interval: 'month', usage_type: 'metered' } as const;
      const made = subject.stripe.prices.create({
        currency: 'usd',
        product: await product(subject),
        unit_amount: 1,
        recurring,
      });
      await expect(made).rejects.toMatchObject(bad);
    },
  },
  {
    name: 'a lookup key belongs to one price, unless it is transferred',
    run: async (subject) => {
      const { stripe, mark } = subject;
      const wanted = { currency: 'usd', product: await product(subject), unit_amount: 1, lookup_key: `${mark}_key` };
      const first = await stripe.prices.create(wanted);
      await expect(stripe.prices.create(wanted)).rejects.toMatchObject(bad);
      const second = await stripe.prices.create({ ...wanted, transfer_lookup_key: true });
      const { data } = await stripe.prices.list({ lookup_keys: [`${mark}_key`] });
      expect(data.map(({ id }) => id)).toEqual([second.id]);
      expect((await stripe.prices.retrieve(first.id)).lookup_key).toBeNull();
    },
  },
  {
    name: 'a product keeps the id that it was given, and nobody else gets it',
    run: async ({ stripe, mark }) => {
      const wanted = { id: `${mark}_product`, name: mark };
      expect((await stripe.products.create(wanted)).id).toBe(wanted.id);
      const again = stripe.products.create(wanted);
      await expect(again).rejects.toMatchObject({ ...bad, code: 'resource_already_exists' });
    },
  },
  {
    name: 'a customer is found by his metadata, though not at once',
    run: async ({ stripe, mark, until }) => {
      const { id } = await stripe.customers.create({ metadata: { owner: mark } });
      const found = await until('the customer is found', async () => {
        const { data } = await stripe.customers.search({ query: `metadata['owner']:'${mark}'` });
        return data.length > 0 ? data : undefined;
      });
      expect(found.map((one) => one.id)).toEqual([id]);
    },
  },
  {
    name: 'nobody subscribes to a price of an archived product',
    run: async (subject) => {
      const { stripe } = subject;
      const made = await product(subject);
      const { id: price } = await stripe.prices.create({
        ...{ currency: 'usd', product: made, unit_amount: 100 },
        recurring: monthly,
      });
      const { id: customer } = await stripe.customers.create({});
      await stripe.products.update(made, { active: false });
      const asked = stripe.subscriptions.create({ customer, items: [{ price }] });
      await expect(asked).rejects.toMatchObject(bad);
    },
  },
  {
    name: 'checkout has no payment_method_types since this version',
    run: async ({ stripe }) => {
      const params = {
        mode: 'setup',
        currency: 'usd',
        payment_method_types: ['card'],
        success_url: 'https://example.com',
      };
      await expect(stripe.rawRequest('POST', '/v1/checkout/sessions', params)).rejects.toMatchObject(bad);
    },
  },
];
