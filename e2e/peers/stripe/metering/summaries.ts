import { page, params, type Route } from '../exchange.ts';
import { invalid } from '../http/refusal.ts';
import { paging } from '../params/common.ts';
import { integer, oneOf, optional, text } from '../params/shape.ts';
import { grouped } from './ledger.ts';
import { meterOf } from './meters.ts';

const steps = { hour: 3600, day: 86_400 } as const;

/** GET /v1/billing/meters/ID/event_summaries: by hour or day, newest first; times are aligned, else to the minute. */
export const summaries: Route = (call) => {
  const { ledger, clock, settings, faults } = call.world;
  const asked = params(call, {
    ...paging,
    customer: text(),
    start_time: integer({ least: 0 }),
    end_time: integer({ least: 0 }),
    value_grouping_window: optional(oneOf('hour', 'day')),
  });
  const meter = meterOf(call);
  const { customer, start_time: start, end_time: end, value_grouping_window: window } = asked;
  const grain = window === undefined ? 60 : steps[window];
  for (const [name, at] of [
    ['start_time', start],
    ['end_time', end],
  ] as const) {
    if (at % grain !== 0) throw invalid(name, `${name} must be aligned with ${grain} seconds, ${at} is not.`);
  }
  if (end <= start) throw invalid('end_time', 'end_time must be later than start_time.');
  const step = window === undefined ? end - start : steps[window];
  const seen = clock.seconds() - settings.summaryLagSeconds - faults.summaryLag();
  const groups = grouped(meter, ledger.events(meter.id, customer, start, end, seen), start, step);
  const found = groups.map((group) => ({
    id: `mtrusg_${meter.id}_${customer}_${group.start}`,
    object: 'billing.meter_event_summary',
    aggregated_value: Number(group.value),
    start_time: group.start,
    end_time: group.start + step,
    livemode: false,
    meter: meter.id,
  }));
  return page(asked, `/v1/billing/meters/${meter.id}/event_summaries`, found.toReversed());
};
