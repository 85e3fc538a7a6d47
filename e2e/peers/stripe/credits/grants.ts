import { customerOf } from '../catalog/find.ts';
import { priceOf } from '../catalog/prices.ts';
import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { currency, expand, mergeMetadata, metadata, paging, time } from '../params/common.ts';
import { emptyable, integer, list, object, oneOf, optional, text } from '../params/shape.ts';
import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import { balanceOf, move, shownTransaction } from './balance.ts';
import type { CreditGrant } from './records.ts';

const url = '/v1/billing/credit_grants';

/** POST /v1/billing/credit_grants: money only, for metered prices only. */
export const createGrant: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    amount: object({ type: oneOf('monetary'), monetary: object({ currency, value: integer({ least: 1 }) }) }),
    applicability_config: object({
      scope: object({ price_type: optional(oneOf('metered')), prices: optional(list(object({ id: text() }))) }),
    }),
    category: optional(oneOf('paid', 'promotional')),
    customer: text(),
    effective_at: optional(time),
    expires_at: optional(time),
    metadata,
    name: optional(text({ most: 100 })),
    priority: optional(integer({ least: 0, most: 100 })),
    expand,
  });
  const customer = customerOf(world, asked.customer);
  const { scope } = asked.applicability_config;
  if ((scope.price_type === undefined) === (scope.prices === undefined)) {
    throw conflict('Give one of price_type and prices.', { param: 'applicability_config[scope]' });
  }
  for (const { id } of scope.prices ?? []) priceOf(world, id, 'applicability_config[scope][prices]');
  const at = now(world, customer.test_clock);
  const effective = asked.effective_at ?? at;
  if (asked.expires_at !== undefined && asked.expires_at <= Math.max(effective, at)) {
    throw conflict('expires_at must lie after effective_at and in the future.', { param: 'expires_at' });
  }
  const grant: CreditGrant = {
    id: world.state.id('credgr_test'),
    object: 'billing.credit_grant',
    amount: asked.amount,
    applicability_config: {
      scope: {
        ...(scope.price_type && { price_type: scope.price_type }),
        ...(scope.prices && { prices: scope.prices }),
      },
    },
    category: asked.category ?? 'paid',
    created: at,
    customer: customer.id,
    effective_at: effective,
    expires_at: asked.expires_at ?? null,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    name: asked.name ?? null,
    priority: asked.priority ?? 50,
    test_clock: customer.test_clock,
    updated: at,
    voided_at: null,
  };
  world.state.put('credit_grant', grant);
  emit(world, 'billing.credit_grant.created', grant, call);
  if (effective <= at) move(world, grant, 'credit', 'credits_granted', grant.amount.monetary.value);
  else world.timers.set('grant-effective', grant.id, effective, grant.test_clock);
  if (grant.expires_at !== null) world.timers.set('grant-expiry', grant.id, grant.expires_at, grant.test_clock);
  return grant;
};

/** The grant's time has come. */
export function grantEffective(world: World, id: string): void {
  const grant = world.state.get('credit_grant', id);
  if (grant?.voided_at === null) move(world, grant, 'credit', 'credits_granted', grant.amount.monetary.value);
}

/** The grant's time is over: what is left of it is gone. */
export function expireGrant(world: World, id: string): void {
  const grant = world.state.get('credit_grant', id);
  const left = grant === undefined ? 0 : balanceOf(world, grant);
  if (grant !== undefined && left > 0) move(world, grant, 'debit', 'credits_expired', left);
}

/** GET /v1/billing/credit_grants/ID */
export const showGrant: Route = (call) => {
  params(call, { expand });
  return grantOf(call);
};

/** GET /v1/billing/credit_grants */
export const listGrants: Route = (call) => {
  const asked = params(call, { ...paging, customer: optional(text()) });
  const found = call.world.state.all('credit_grant');
  return page(
    asked,
    url,
    found.filter(({ customer }) => asked.customer === undefined || customer === asked.customer),
  );
};

/** POST /v1/billing/credit_grants/ID */
export const updateGrant: Route = (call) => {
  const asked = params(call, { expires_at: emptyable(time), metadata, expand });
  const before = grantOf(call);
  const grant: CreditGrant = {
    ...before,
    expires_at: asked.expires_at === undefined ? before.expires_at : asked.expires_at,
    metadata: mergeMetadata(before.metadata, asked.metadata),
  };
  if (grant.expires_at === null) call.world.timers.clear('grant-expiry', grant.id);
  else call.world.timers.set('grant-expiry', grant.id, grant.expires_at, grant.test_clock);
  return save(call, grant);
};

/** POST /v1/billing/credit_grants/ID/expire */
export const expireNow: Route = (call) => {
  params(call, { expand });
  const grant = grantOf(call);
  expireGrant(call.world, grant.id);
  call.world.timers.clear('grant-expiry', grant.id);
  return save(call, { ...grant, expires_at: now(call.world, grant.test_clock) });
};

/** POST /v1/billing/credit_grants/ID/void: only while none of it was used. */
export const voidGrant: Route = (call) => {
  params(call, { expand });
  const { world } = call;
  const grant = grantOf(call);
  const isUsed = world.state
    .all('credit_transaction')
    .some(({ credit_grant, reason }) => credit_grant === grant.id && reason === 'credits_applied');
  if (isUsed || grant.voided_at !== null) throw conflict('This credit grant cannot be voided.');
  const left = balanceOf(world, grant);
  if (left > 0) move(world, grant, 'debit', 'credits_voided', left);
  return save(call, { ...grant, voided_at: now(world, grant.test_clock) });
};

/** GET /v1/billing/credit_balance_summary */
export const balanceSummary: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    customer: text(),
    filter: object({
      type: oneOf('applicability_scope', 'credit_grant'),
      applicability_scope: optional(object({ price_type: optional(oneOf('metered')) })),
      credit_grant: optional(text()),
    }),
    expand,
  });
  const grants = world.state.all('credit_grant').filter(({ id, customer }) => {
    if (customer !== customerOf(world, asked.customer).id) return false;
    return asked.filter.credit_grant === undefined || id === asked.filter.credit_grant;
  });
  const sums = Map.groupBy(grants, ({ amount }) => amount.monetary.currency);
  const balances = [...sums].map(([code, group]) => {
    const value = group.reduce((sum, grant) => sum + balanceOf(world, grant), 0);
    const balance = { type: 'monetary', monetary: { currency: code, value } };
    return { available_balance: balance, ledger_balance: balance };
  });
  return { object: 'billing.credit_balance_summary', balances, customer: asked.customer, livemode: false };
};

/** GET /v1/billing/credit_balance_transactions */
export const listTransactions: Route = (call) => {
  const asked = params(call, { ...paging, credit_grant: optional(text()), customer: optional(text()) });
  const found = call.world.state.all('credit_transaction').filter(({ customer, credit_grant }) => {
    if (asked.customer !== undefined && customer !== asked.customer) return false;
    return asked.credit_grant === undefined || credit_grant === asked.credit_grant;
  });
  return page(asked, '/v1/billing/credit_balance_transactions', found.map(shownTransaction));
};

function save(call: Call, grant: CreditGrant): CreditGrant {
  const saved = { ...grant, updated: now(call.world, grant.test_clock) };
  call.world.state.put('credit_grant', saved);
  emit(call.world, 'billing.credit_grant.updated', saved, call);
  return saved;
}

function grantOf(call: Call): CreditGrant {
  const grant = call.world.state.get('credit_grant', idOf(call));
  if (grant === undefined) throw missing('credit grant', idOf(call));
  return grant;
}
