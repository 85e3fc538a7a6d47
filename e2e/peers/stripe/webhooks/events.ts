import { idOf, page, params, type Route } from '../exchange.ts';
import { missing } from '../http/refusal.ts';
import { expand, paging, time } from '../params/common.ts';
import { integer, list, object, optional, text } from '../params/shape.ts';

/** GET /v1/events/ID */
export const showEvent: Route = (call) => {
  params(call, { expand });
  const event = call.world.state.get('event', idOf(call));
  if (event === undefined) throw missing('event', idOf(call));
  return event;
};

/** GET /v1/events, which is how a receiver that was down catches up. */
export const listEvents: Route = (call) => {
  const bound = optional(time);
  const asked = params(call, {
    ...paging,
    created: optional(object({ gt: bound, gte: bound, lt: bound, lte: bound })),
    type: optional(text()),
    types: optional(list(text(), { most: 20 })),
  });
  const { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = asked.created ?? {};
  const found = call.world.state.all('event').filter(({ type, created }) => {
    if (created <= gt || created < gte || created >= lt || created > lte) return false;
    if (asked.type !== undefined && type !== asked.type) return false;
    return asked.types === undefined || asked.types.includes(type);
  });
  return page(asked, '/v1/events', found);
};

/** GET /v2/core/events/ID: the thin event with its data. */
export const showThinEvent: Route = (call) => {
  params(call, {});
  const event = call.world.state.get('thin_event', idOf(call));
  if (event === undefined) throw missing('event', idOf(call));
  return event;
};

/** GET /v2/core/events: one page, newest first. */
export const listThinEvents: Route = (call) => {
  const asked = params(call, {
    limit: optional(integer({ least: 1, most: 100 })),
    object_id: optional(text()),
    types: optional(list(text())),
  });
  const found = call.world.state.all('thin_event').filter(({ related_object, type }) => {
    if (asked.object_id !== undefined && related_object?.id !== asked.object_id) return false;
    return asked.types === undefined || asked.types.includes(type);
  });
  const data = found.toReversed().slice(0, asked.limit ?? 20);
  return { data, next_page_url: null, previous_page_url: null };
};
