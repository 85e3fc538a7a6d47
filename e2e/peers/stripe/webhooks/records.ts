import type { Strings } from '../params/common.ts';

/** A snapshot event of v1. */
export interface Event {
  readonly id: string;
  readonly object: 'event';
  readonly api_version: string;
  readonly created: number;
  readonly data: { readonly object: object };
  readonly livemode: false;
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
  readonly type: string;
}

/** A thin event of v2; its data is only there for who fetches it. */
export interface ThinEvent {
  readonly id: string;
  readonly object: 'v2.core.event';
  readonly created: string;
  readonly livemode: false;
  readonly related_object: RelatedObject | null;
  readonly type: string;
  readonly data?: object;
}

/** What a thin event is about. */
export interface RelatedObject {
  readonly id: string;
  readonly type: string;
  readonly url: string;
}

/** Where snapshot events go. */
export interface Endpoint {
  readonly id: string;
  readonly object: 'webhook_endpoint';
  readonly api_version: string | null;
  readonly application: null;
  readonly created: number;
  readonly description: string | null;
  readonly enabled_events: readonly string[];
  readonly livemode: false;
  readonly metadata: Strings;
  readonly secret: string;
  readonly status: 'enabled' | 'disabled';
  readonly url: string;
}

/** Where thin events go. */
export interface Destination {
  readonly id: string;
  readonly object: 'v2.core.event_destination';
  readonly created: string;
  readonly description: string;
  readonly enabled_events: readonly string[];
  readonly event_payload: 'thin' | 'snapshot';
  readonly livemode: false;
  readonly metadata: Strings;
  readonly name: string;
  readonly status: 'enabled' | 'disabled';
  readonly type: 'webhook_endpoint';
  readonly updated: string;
  readonly webhook_endpoint: { readonly signing_secret: string; readonly url: string };
}

/** One event on its way to one receiver. */
export interface Delivery {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly event: string;
  readonly type: string;
  /** Sent in this order where several are due. */
  readonly order: number;
  readonly due: number;
  readonly state: 'due' | 'held' | 'delivered' | 'failed' | 'lost';
  readonly attempts: readonly { readonly at: number; readonly status: number | null }[];
}
