import { aggregate } from '../metering/ledger.ts';
import type { MeterEvent } from '../metering/records.ts';
import type { World } from '../world.ts';

const hourSeconds = 3600;

/**
 * Everything that was taken and what became of it, and the sums that count, as exact integers in text. Tests compare it
 * with what they generated, never with our own ledger.
 */
export function truth(world: World): object {
  const { state } = world;
  const events = state.all('meter_event');
  return {
    now: world.clock.seconds(),
    events: events.map((event) => ({ ...event, hour: hourOf(event) })),
    sums: sums(world, events, () => undefined).map(({ hour: _hour, ...sum }) => sum),
    hours: sums(world, events, hourOf),
    attempts: state.all('attempts').map(({ id, ...rest }) => ({ identifier: id, ...rest })),
    invoices: state.all('invoice').map(({ usage: _usage, ...invoice }) => invoice),
    deliveries: state.all('delivery').map(({ secret: _secret, ...delivery }) => delivery),
  };
}

interface Sum {
  readonly customer: string;
  readonly eventName: string;
  readonly hour: number | undefined;
  readonly value: string;
}

function sums(
  world: World,
  events: readonly MeterEvent[],
  hour: (event: MeterEvent) => number | undefined,
): readonly Sum[] {
  const counted = events.filter(({ state, voided }) => state === 'counted' && !voided);
  const groups = Map.groupBy(counted, (event) => JSON.stringify([event.customer, event.meter, hour(event)]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const meter = world.state.get('meter', first?.meter ?? '');
    if (first === undefined || meter === undefined) return [];
    const value = aggregate(meter, group).toString();
    return [{ customer: first.customer, eventName: first.event_name, hour: hour(first), value }];
  });
}

function hourOf({ timestamp }: MeterEvent): number {
  return timestamp - (timestamp % hourSeconds);
}
