import * as customers from './catalog/customers.ts';
import * as methods from './catalog/payment-methods.ts';
import * as prices from './catalog/prices.ts';
import * as products from './catalog/products.ts';
import { searchCustomers } from './catalog/search.ts';
import * as grants from './credits/grants.ts';
import type { Route } from './exchange.ts';
import * as invoiceActions from './invoices/actions.ts';
import * as notes from './invoices/credit-notes.ts';
import * as invoices from './invoices/invoices.ts';
import * as invoiceItems from './invoices/items.ts';
import { previewInvoice } from './invoices/preview.ts';
import { adjustEvent, adjustEventV2 } from './metering/adjustments.ts';
import { createEvent } from './metering/events-v1.ts';
import * as eventsV2 from './metering/events-v2.ts';
import * as meters from './metering/meters.ts';
import { summaries } from './metering/summaries.ts';
import * as checkout from './pages/checkout.ts';
import * as coupons from './pages/coupons.ts';
import * as portal from './pages/portal.ts';
import { createSubscription } from './subscriptions/create.ts';
import * as subscriptions from './subscriptions/subscriptions.ts';
import { updateSubscription } from './subscriptions/update.ts';
import * as clocks from './time/test-clocks.ts';
import * as destinations from './webhooks/destinations.ts';
import * as endpoints from './webhooks/endpoints.ts';
import * as events from './webhooks/events.ts';

/** GET /v1/account: whose key it is. */
const account: Route = ({ world }) => ({ id: world.settings.account, object: 'account', default_currency: 'usd' });

/** Every route, by method and path; a star stands for an id. */
export const routes: Readonly<Record<string, Route>> = {
  'GET /v1/account': account,

  'POST /v1/billing/meters': meters.createMeter,
  'GET /v1/billing/meters': meters.listMeters,
  'GET /v1/billing/meters/*': meters.showMeter,
  'POST /v1/billing/meters/*': meters.updateMeter,
  'POST /v1/billing/meters/*/deactivate': meters.deactivateMeter,
  'POST /v1/billing/meters/*/reactivate': meters.reactivateMeter,
  'GET /v1/billing/meters/*/event_summaries': summaries,
  'POST /v1/billing/meter_events': createEvent,
  'POST /v1/billing/meter_event_adjustments': adjustEvent,
  'POST /v2/billing/meter_events': eventsV2.createEventV2,
  'POST /v2/billing/meter_event_session': eventsV2.createSession,
  'POST /v2/billing/meter_event_stream': eventsV2.streamEvents,
  'POST /v2/billing/meter_event_adjustments': adjustEventV2,

  'POST /v1/customers': customers.createCustomer,
  'GET /v1/customers': customers.listCustomers,
  'GET /v1/customers/search': searchCustomers,
  'GET /v1/customers/*': customers.showCustomer,
  'POST /v1/customers/*': customers.updateCustomer,
  'DELETE /v1/customers/*': customers.deleteCustomer,
  'GET /v1/payment_methods': methods.listMethods,
  'GET /v1/payment_methods/*': methods.showMethod,
  'POST /v1/payment_methods/*/attach': methods.attachMethod,
  'POST /v1/payment_methods/*/detach': methods.detachMethod,
  'POST /v1/products': products.createProduct,
  'GET /v1/products': products.listProducts,
  'GET /v1/products/*': products.showProduct,
  'POST /v1/products/*': products.updateProduct,
  'POST /v1/prices': prices.createPrice,
  'GET /v1/prices': prices.listPrices,
  'GET /v1/prices/*': prices.showPrice,
  'POST /v1/prices/*': prices.updatePrice,

  'POST /v1/subscriptions': createSubscription,
  'GET /v1/subscriptions': subscriptions.listSubscriptions,
  'GET /v1/subscriptions/*': subscriptions.showSubscription,
  'POST /v1/subscriptions/*': updateSubscription,
  'DELETE /v1/subscriptions/*': subscriptions.cancelSubscription,

  'POST /v1/invoices/create_preview': previewInvoice,
  'POST /v1/invoices': invoices.createInvoice,
  'GET /v1/invoices': invoices.listInvoices,
  'GET /v1/invoices/*': invoices.showInvoice,
  'POST /v1/invoices/*': invoices.updateInvoice,
  'DELETE /v1/invoices/*': invoices.deleteInvoice,
  'GET /v1/invoices/*/lines': invoices.listLines,
  'POST /v1/invoices/*/finalize': invoiceActions.finalizeInvoice,
  'POST /v1/invoices/*/pay': invoiceActions.payInvoice,
  'POST /v1/invoices/*/void': invoiceActions.voidInvoice,
  'POST /v1/invoices/*/mark_uncollectible': invoiceActions.writeOff,
  'POST /v1/invoiceitems': invoiceItems.createItem,
  'GET /v1/invoiceitems': invoiceItems.listItems,
  'GET /v1/invoiceitems/*': invoiceItems.showItem,
  'POST /v1/invoiceitems/*': invoiceItems.updateItem,
  'DELETE /v1/invoiceitems/*': invoiceItems.deleteItem,
  'POST /v1/credit_notes': notes.createNote,
  'GET /v1/credit_notes': notes.listNotes,
  'GET /v1/credit_notes/*': notes.showNote,
  'POST /v1/credit_notes/*/void': notes.voidNote,

  'POST /v1/billing/credit_grants': grants.createGrant,
  'GET /v1/billing/credit_grants': grants.listGrants,
  'GET /v1/billing/credit_grants/*': grants.showGrant,
  'POST /v1/billing/credit_grants/*': grants.updateGrant,
  'POST /v1/billing/credit_grants/*/expire': grants.expireNow,
  'POST /v1/billing/credit_grants/*/void': grants.voidGrant,
  'GET /v1/billing/credit_balance_summary': grants.balanceSummary,
  'GET /v1/billing/credit_balance_transactions': grants.listTransactions,

  'POST /v1/checkout/sessions': checkout.createCheckout,
  'GET /v1/checkout/sessions': checkout.listCheckouts,
  'GET /v1/checkout/sessions/*': checkout.showCheckout,
  'POST /v1/checkout/sessions/*/expire': checkout.expireNow,
  'POST /v1/billing_portal/configurations': portal.createConfiguration,
  'GET /v1/billing_portal/configurations': portal.listConfigurations,
  'POST /v1/billing_portal/sessions': portal.createPortal,
  'POST /v1/coupons': coupons.createCoupon,
  'GET /v1/coupons/*': coupons.showCoupon,

  'POST /v1/test_helpers/test_clocks': clocks.createClock,
  'GET /v1/test_helpers/test_clocks': clocks.listClocks,
  'GET /v1/test_helpers/test_clocks/*': clocks.showClock,
  'POST /v1/test_helpers/test_clocks/*/advance': clocks.advanceClock,
  'DELETE /v1/test_helpers/test_clocks/*': clocks.deleteClock,

  'POST /v1/webhook_endpoints': endpoints.createEndpoint,
  'GET /v1/webhook_endpoints': endpoints.listEndpoints,
  'GET /v1/webhook_endpoints/*': endpoints.showEndpoint,
  'POST /v1/webhook_endpoints/*': endpoints.updateEndpoint,
  'DELETE /v1/webhook_endpoints/*': endpoints.deleteEndpoint,
  'POST /v2/core/event_destinations': destinations.createDestination,
  'GET /v2/core/event_destinations': destinations.listDestinations,
  'GET /v2/core/event_destinations/*': destinations.showDestination,
  'DELETE /v2/core/event_destinations/*': destinations.deleteDestination,
  'GET /v1/events': events.listEvents,
  'GET /v1/events/*': events.showEvent,
  'GET /v2/core/events': events.listThinEvents,
  'GET /v2/core/events/*': events.showThinEvent,
};

/** The route that serves a request. */
export interface Match {
  readonly name: string;
  readonly route: Route;
  readonly ids: readonly string[];
}

const patterns = Object.entries(routes).map(([name, route]) => {
  const escaped = name.replace(/[.]/g, '[.]').replaceAll('*', '([^/]+)');
  return { name, route, pattern: new RegExp(`^${escaped}$`) };
});

/** Finds the route of a method and path; a path without stars wins. */
export function match(method: string, path: string): Match | undefined {
  const exact = `${method} ${path}`;
  const own = routes[exact];
  if (own !== undefined && !exact.includes('*')) return { name: exact, route: own, ids: [] };
  for (const { name, route, pattern } of patterns) {
    const found = pattern.exec(exact);
    if (found !== null) return { name, route, ids: found.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}
