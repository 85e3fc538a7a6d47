import { type Call, page, type Route } from './exchange.ts';
import { onlyKnown, text } from './form.ts';
import type { Meter } from './memory.ts';
import { missing, Refusal } from './refusal.ts';

const formulas = ['sum', 'count', 'last'];

/** POST /v1/billing/meters */
export const createMeter: Route = ({ memory, clock, form }) => {
  onlyKnown(form, [
    'display_name',
    'event_name',
    'event_time_window',
    'default_aggregation[',
    'customer_mapping[',
    'value_settings[',
  ]);
  const event_name = text(form, 'event_name', 100);
  const formula = text(form, 'default_aggregation[formula]');
  if (!formulas.includes(formula)) {
    throw new Refusal(400, `Invalid default_aggregation[formula]: must be one of ${formulas.join(', ')}`, {
      param: 'default_aggregation[formula]',
    });
  }
  const taken = [...memory.meters.values()].some(
    (meter) => meter.event_name === event_name && meter.status === 'active',
  );
  if (taken) {
    throw new Refusal(400, `An active meter with event_name ${event_name} already exists.`, { param: 'event_name' });
  }
  const meter: Meter = {
    id: memory.id('mtr_test'),
    event_name,
    display_name: text(form, 'display_name', 250),
    formula,
    customerKey: form.get('customer_mapping[event_payload_key]') ?? 'stripe_customer_id',
    valueKey: form.get('value_settings[event_payload_key]') ?? 'value',
    created: clock.seconds(),
    status: 'active',
  };
  memory.write({ kind: 'meter', value: meter });
  return shown(meter);
};

/** GET /v1/billing/meters */
export const listMeters: Route = ({ memory, form }) => {
  onlyKnown(form, ['status', 'limit', 'starting_after', 'ending_before']);
  const status = form.get('status');
  const meters = [...memory.meters.values()].filter((meter) => status === undefined || meter.status === status);
  return page(form, '/v1/billing/meters', meters.toReversed().map(shown));
};

/** GET /v1/billing/meters/ID */
export const showMeter: Route = (call) => shown(find(call));

/** POST /v1/billing/meters/ID: only the display name may change. */
export const updateMeter: Route = (call) => {
  onlyKnown(call.form, ['display_name']);
  const meter = { ...find(call), display_name: text(call.form, 'display_name', 250) };
  call.memory.write({ kind: 'meter', value: meter });
  return shown(meter);
};

/** POST /v1/billing/meters/ID/deactivate */
export const deactivateMeter: Route = (call) => {
  const meter: Meter = { ...find(call), status: 'inactive' };
  call.memory.write({ kind: 'meter', value: meter });
  return shown(meter);
};

/** GET /v1/billing/meters/ID/event_summaries: sums by hour or day, newest first; groups are aligned. */
export const summaries: Route = (call) => {
  const { memory, clock, settings, form } = call;
  onlyKnown(form, ['customer', 'start_time', 'end_time', 'value_grouping_window', 'limit', 'starting_after']);
  const meter = find(call);
  const customer = text(form, 'customer');
  const start = Number(text(form, 'start_time'));
  const end = Number(text(form, 'end_time'));
  const step = stepOf(form.get('value_grouping_window'), end - start);
  const grain = form.get('value_grouping_window') === undefined ? 60 : step;
  if (start % grain !== 0 || end % grain !== 0 || end <= start) {
    throw new Refusal(400, `start_time and end_time must be aligned with ${grain} s and in order`, {
      param: 'start_time',
    });
  }
  const visible = clock.seconds() - settings.summaryLagSeconds;
  const sums = new Map<number, bigint>();
  for (const event of memory.events) {
    if (event.meter !== meter.id || event.customer !== customer || event.voided || event.rejected) continue;
    if (event.timestamp < start || event.timestamp >= end || event.received > visible) continue;
    const group = start + Math.floor((event.timestamp - start) / step) * step;
    sums.set(group, (sums.get(group) ?? 0n) + BigInt(event.value));
  }
  const found = [...sums]
    .toSorted(([a], [b]) => b - a)
    .map(([from, sum]) => ({
      id: `mtrusg_${meter.id}_${customer}_${from}`,
      object: 'billing.meter_event_summary',
      aggregated_value: Number(sum),
      start_time: from,
      end_time: from + step,
      livemode: false,
      meter: meter.id,
    }));
  return page(form, `/v1/billing/meters/${meter.id}/event_summaries`, found);
};

function stepOf(window: string | undefined, whole: number): number {
  if (window === undefined) return whole;
  if (window === 'hour') return 3600;
  if (window === 'day') return 86_400;
  throw new Refusal(400, 'Invalid value_grouping_window: must be one of day, hour', { param: 'value_grouping_window' });
}

function find({ memory, id }: Call): Meter {
  const meter = memory.meters.get(id);
  if (meter === undefined) throw missing('meter', id);
  return meter;
}

function shown(meter: Meter): { readonly id: string } {
  const { id, event_name, display_name, formula, created, status } = meter;
  return {
    id,
    ...{ object: 'billing.meter', created, display_name, event_name, event_time_window: null, livemode: false, status },
    ...{ default_aggregation: { formula }, updated: created, status_transitions: { deactivated_at: null } },
    ...{ customer_mapping: { event_payload_key: meter.customerKey, type: 'by_id' } },
    ...{ value_settings: { event_payload_key: meter.valueKey } },
  };
}
