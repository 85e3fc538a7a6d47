import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { emptyText, expand, mergeMetadata, metadata, paging } from '../params/common.ts';
import { boolean, list, optional, text } from '../params/shape.ts';
import { emit } from '../webhooks/emit.ts';
import type { Product } from './records.ts';

/** POST /v1/products: the id may be chosen, which makes creation repeatable. */
export const createProduct: Route = (call) => {
  const { state, clock } = call.world;
  const asked = params(call, {
    id: optional(text({ most: 100 })),
    name: text({ most: 250 }),
    active: optional(boolean),
    description: optional(text()),
    metadata,
    unit_label: optional(text({ most: 12 })),
    expand,
  });
  if (asked.id !== undefined && state.get('product', asked.id) !== undefined) {
    throw conflict('Product already exists.', { code: 'resource_already_exists', param: 'id' });
  }
  const created = clock.seconds();
  const product: Product = {
    id: asked.id ?? state.id('prod'),
    object: 'product',
    active: asked.active ?? true,
    created,
    default_price: null,
    description: asked.description ?? null,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    name: asked.name,
    unit_label: asked.unit_label ?? null,
    updated: created,
  };
  state.put('product', product);
  emit(call.world, 'product.created', product, call);
  return product;
};

/** GET /v1/products/ID */
export const showProduct: Route = (call) => {
  params(call, { expand });
  return productOf(call);
};

/** GET /v1/products */
export const listProducts: Route = (call) => {
  const asked = params(call, { ...paging, active: optional(boolean), ids: optional(list(text())) });
  const found = call.world.state.all('product').filter(({ id, active }) => {
    if (asked.ids !== undefined && !asked.ids.includes(id)) return false;
    return asked.active === undefined || active === asked.active;
  });
  return page(asked, '/v1/products', found);
};

/** POST /v1/products/ID */
export const updateProduct: Route = (call) => {
  const before = productOf(call);
  const asked = params(call, {
    active: optional(boolean),
    default_price: optional(text()),
    description: emptyText,
    metadata,
    name: optional(text({ most: 250 })),
    unit_label: emptyText,
    expand,
  });
  const product: Product = {
    ...before,
    active: asked.active ?? before.active,
    default_price: asked.default_price ?? before.default_price,
    description: asked.description === undefined ? before.description : asked.description,
    metadata: mergeMetadata(before.metadata, asked.metadata),
    name: asked.name ?? before.name,
    unit_label: asked.unit_label === undefined ? before.unit_label : asked.unit_label,
    updated: call.world.clock.seconds(),
  };
  call.world.state.put('product', product);
  emit(call.world, 'product.updated', product, call);
  return product;
};

function productOf(call: Call): Product {
  const product = call.world.state.get('product', idOf(call));
  if (product === undefined) throw missing('product', idOf(call));
  return product;
}
