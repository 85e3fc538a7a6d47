import type { Route } from './exchange.ts';
import { adjustEvent, createEvent } from './meter-events.ts';
import { createMeter, deactivateMeter, listMeters, showMeter, summaries, updateMeter } from './meters.ts';
import { createObject, listObjects, showObject } from './objects.ts';

/** GET /v1/account: whose key it is. */
const account: Route = ({ settings }) => ({ id: settings.account, object: 'account', default_currency: 'usd' });

/** Every route, by method and path; a star stands for an id. */
export const routes: Readonly<Record<string, Route>> = {
  'GET /v1/account': account,
  'POST /v1/billing/meters': createMeter,
  'GET /v1/billing/meters': listMeters,
  'GET /v1/billing/meters/*': showMeter,
  'POST /v1/billing/meters/*': updateMeter,
  'POST /v1/billing/meters/*/deactivate': deactivateMeter,
  'GET /v1/billing/meters/*/event_summaries': summaries,
  'POST /v1/billing/meter_events': createEvent,
  'POST /v1/billing/meter_event_adjustments': adjustEvent,
  'POST /v1/customers': createObject('customer'),
  'GET /v1/customers': listObjects('customer'),
  'GET /v1/customers/*': showObject('customer'),
  'POST /v1/products': createObject('product'),
  'GET /v1/products/*': showObject('product'),
  'POST /v1/prices': createObject('price'),
  'GET /v1/prices': listObjects('price'),
  'GET /v1/prices/*': showObject('price'),
};

/** The name of the route that serves a request, and the id in its path. */
export function match(method: string, path: string): { readonly name: string; readonly id: string } | undefined {
  const exact = `${method} ${path}`;
  if (routes[exact] !== undefined) return { name: exact, id: '' };
  for (const name of Object.keys(routes)) {
    const [before, after] = name.split('*');
    if (after === undefined || before === undefined) continue;
    if (!exact.startsWith(before) || !exact.endsWith(after)) continue;
    const id = exact.slice(before.length, exact.length - after.length);
    if (id !== '' && !id.includes('/')) return { name, id: decodeURIComponent(id) };
  }
  return undefined;
}
