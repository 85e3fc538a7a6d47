import { customerOf } from '../catalog/find.ts';
import { page, params, type Route } from '../exchange.ts';
import { conflict, invalid, missing } from '../http/refusal.ts';
import { emptyText, expand, mergeMetadata, metadata, paging, url } from '../params/common.ts';
import { boolean, object, oneOf, optional, type Shape, text } from '../params/shape.ts';
import type { World } from '../world.ts';
import type { PortalConfiguration } from './records.ts';

const ofSubscription = optional(object({ subscription: text() }));
const retention = optional(object({ type: oneOf('coupon_offer'), coupon_offer: object({ coupon: text() }) }));

const flow = object({
  type: oneOf('payment_method_update', 'subscription_cancel', 'subscription_update'),
  after_completion: optional(
    object({ type: oneOf('portal_homepage', 'redirect'), redirect: optional(object({ return_url: url })) }),
  ),
  subscription_cancel: optional(object({ subscription: text(), retention })),
  subscription_update: ofSubscription,
});

/** Any object: features are kept as given. */
const features: Shape<object> = {
  read: (value, path) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw invalid(path, 'Invalid object');
  },
};

/** POST /v1/billing_portal/configurations; the first is the default. */
export const createConfiguration: Route = (call) => {
  const { state, clock } = call.world;
  const asked = params(call, { default_return_url: emptyText, features, metadata, expand });
  const created = clock.seconds();
  const made: PortalConfiguration = {
    id: state.id('bpc'),
    object: 'billing_portal.configuration',
    active: true,
    created,
    default_return_url: asked.default_return_url ?? null,
    features: asked.features,
    is_default: state.count('portal_configuration') === 0,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    updated: created,
  };
  state.put('portal_configuration', made);
  return made;
};

/** GET /v1/billing_portal/configurations */
export const listConfigurations: Route = (call) => {
  const asked = params(call, { ...paging, active: optional(boolean), is_default: optional(boolean) });
  const found = call.world.state.all('portal_configuration').filter(({ active, is_default }) => {
    if (asked.active !== undefined && active !== asked.active) return false;
    return asked.is_default === undefined || is_default === asked.is_default;
  });
  return page(asked, '/v1/billing_portal/configurations', found);
};

/** POST /v1/billing_portal/sessions: a page for one customer; needs a configuration, as a fresh sandbox does. */
export const createPortal: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    configuration: optional(text()),
    customer: text(),
    flow_data: optional(flow),
    locale: optional(text()),
    return_url: optional(url),
    expand,
  });
  const customer = customerOf(world, asked.customer);
  const configuration = configurationFor(world, asked.configuration);
  if (asked.flow_data !== undefined) refuseFlow(world, asked.flow_data, customer.id);
  const id = world.state.id('bps');
  return {
    id,
    object: 'billing_portal.session',
    configuration: configuration.id,
    created: world.clock.seconds(),
    customer: customer.id,
    flow: asked.flow_data ?? null,
    livemode: false,
    locale: asked.locale ?? null,
    on_behalf_of: null,
    return_url: asked.return_url ?? configuration.default_return_url,
    url: `${world.address()}/_peer/pages/portal/${id}`,
  };
};

function configurationFor({ state }: World, id: string | undefined): PortalConfiguration {
  const found =
    id === undefined
      ? state.all('portal_configuration').find((one) => one.is_default)
      : state.get('portal_configuration', id);
  if (found !== undefined) return found;
  if (id !== undefined) throw missing('configuration', id, 'configuration', 400);
  throw conflict('No configuration provided and your test mode default configuration has not been created.');
}

function refuseFlow({ state }: World, asked: ReturnType<typeof flow.read>, customer: string): void {
  const named = { subscription_cancel: asked.subscription_cancel, subscription_update: asked.subscription_update };
  for (const [type, value] of Object.entries(named)) {
    if ((asked.type === type) !== (value !== undefined)) {
      throw conflict(`flow_data[${type}] goes with type ${type}, and it with that.`, { param: `flow_data[${type}]` });
    }
    if (value === undefined) continue;
    const subscription = state.get('subscription', value.subscription);
    if (subscription?.customer !== customer) {
      throw missing('subscription', value.subscription, `flow_data[${type}][subscription]`, 400);
    }
  }
  const coupon = asked.subscription_cancel?.retention?.coupon_offer.coupon;
  if (coupon !== undefined && state.get('coupon', coupon) === undefined) throw missing('coupon', coupon, 'coupon', 400);
}
