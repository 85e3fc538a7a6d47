import { params, type Route } from '../exchange.ts';
import { invalid } from '../http/refusal.ts';
import { expand } from '../params/common.ts';
import { integer, optional, text } from '../params/shape.ts';

/** The one clause that the peer plays: a metadata field that equals a text. */
const clause = /^metadata\['([^'\]]{1,40})'\]:'([^']{0,500})'$/;

/**
 * GET /v1/customers/search: by a metadata field. What was made within the last `searchLagSeconds` is not found: Stripe asks
 * not to search for what was just written (https://docs.stripe.com/search#data-freshness).
 */
export const searchCustomers: Route = (call) => {
  const { state, clock, settings } = call.world;
  const asked = params(call, {
    query: text(),
    limit: optional(integer({ least: 1, most: 100 })),
    page: optional(text()),
    expand,
  });
  const [, field, value] = clause.exec(asked.query) ?? [];
  if (field === undefined) throw invalid('query', `We were unable to parse your search query: ${asked.query}`);
  if (asked.page !== undefined) throw invalid('page', 'The peer answers one page only.');
  const seen = clock.seconds() - settings.searchLagSeconds;
  const found = state
    .all('customer')
    .filter(({ deleted, created, metadata }) => deleted !== true && created <= seen && metadata[field] === value)
    .toReversed();
  const limit = asked.limit ?? 10;
  const data = found.slice(0, limit);
  return {
    object: 'search_result',
    url: '/v1/customers/search',
    has_more: found.length > limit,
    next_page: null,
    data,
  };
};
