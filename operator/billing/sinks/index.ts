/** Ways to providers, for tools that drive them themselves. */
export { createSinks } from './registry.ts';
export type { UsageSink } from './sink.ts';
export { stripeCatalog } from './stripe/catalog.ts';
export { meterEventStream } from './stripe/meter-event-stream.ts';
export { stripePages } from './stripe/pages.ts';
export { stripeSink } from './stripe/stripe-sink.ts';
export { stripeWebhooks } from './stripe/webhook-source.ts';
