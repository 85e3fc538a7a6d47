import { emitThin } from '../webhooks/emit.ts';
import type { World } from '../world.ts';
import type { Finding } from './check.ts';
import type { MeterEvent } from './records.ts';

/** An event that was taken and is not counted. */
export interface Failed {
  readonly event: MeterEvent;
  readonly finding: Finding;
}

/** Reports carry samples, not every error; Stripe states no number. */
const mostSamples = 5;

/**
 * Reports what failed in one pass: `v1.billing.meter.error_report_triggered` for each meter, and
 * `v1.billing.meter.no_meter_found` where there is none (shapes: `V2.Core.Events` of stripe 23).
 */
export function report(world: World, failed: readonly Failed[]): void {
  const byName = Map.groupBy(failed, ({ event }) => event.event_name);
  for (const [eventName, group] of byName) {
    const meter = world.state.all('meter').findLast(({ event_name }) => event_name === eventName);
    const data = summary(world, group);
    if (meter === undefined) {
      emitThin(world, 'v1.billing.meter.no_meter_found', null, data);
      continue;
    }
    const related = { id: meter.id, type: 'billing.meter', url: `/v1/billing/meters/${meter.id}` };
    emitThin(world, 'v1.billing.meter.error_report_triggered', related, data);
  }
}

function summary({ clock }: World, group: readonly Failed[]): object {
  const byCode = Map.groupBy(group, ({ finding }) => finding.code);
  const start = Math.min(...group.map(({ event }) => event.received));
  return {
    developer_message_summary: `There ${group.length === 1 ? 'is 1 invalid event' : `are ${group.length} invalid events`}`,
    reason: {
      error_count: group.length,
      error_types: [...byCode].map(([code, errors]) => ({
        code,
        error_count: errors.length,
        sample_errors: errors.slice(0, mostSamples).map(({ event, finding }) => ({
          error_message: finding.message,
          request: { identifier: event.identifier },
        })),
      })),
    },
    validation_start: new Date(start * 1000).toISOString(),
    validation_end: new Date(clock.seconds() * 1000).toISOString(),
  };
}
