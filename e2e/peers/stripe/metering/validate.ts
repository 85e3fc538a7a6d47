import type { World } from '../world.ts';
import { activeMeter, check, type Finding } from './check.ts';
import type { MeterEvent } from './records.ts';
import { report } from './reports.ts';

/** Checks the events that are due, as Stripe does after its answer: what fails is reported by webhook and never billed. */
export function validateDue(world: World): void {
  const due = world.ledger.pending.filter(({ checked_at }) => checked_at <= world.clock.seconds());
  validate(world, due);
}

/** Decides what these events count for. */
export function validate(world: World, events: readonly MeterEvent[]): void {
  const failed = events.flatMap((event) => {
    const finding = findingOf(world, event);
    world.state.put('meter_event', finding === undefined ? counted(world, event) : { ...event, ...rejection(finding) });
    return finding === undefined ? [] : [{ event, finding }];
  });
  report(world, failed);
}

function findingOf(world: World, event: MeterEvent): Finding | undefined {
  if (event.forced !== undefined) {
    return { code: event.forced, param: '', message: 'The peer was told to reject this event later.' };
  }
  return check(world, event) ?? unknownCustomer(world, event);
}

function unknownCustomer(world: World, event: MeterEvent): Finding | undefined {
  const { customer } = counted(world, event);
  const known = world.state.get('customer', customer);
  if (known !== undefined && known.deleted !== true) return undefined;
  const message = `No customer was found with id ${customer}.`;
  return { code: 'meter_event_customer_not_found', param: 'payload', message };
}

function rejection({ code }: Finding): Pick<MeterEvent, 'state' | 'rejected'> {
  return { state: 'rejected', rejected: code };
}

function counted(world: World, event: MeterEvent): MeterEvent {
  const meter = activeMeter(world, event.event_name);
  const customer = event.payload[meter?.customer_mapping.event_payload_key ?? ''] ?? '';
  // A meter that counts events needs no value.
  const value = event.payload[meter?.value_settings.event_payload_key ?? ''] ?? '1';
  return { ...event, state: 'counted', meter: meter?.id ?? '', customer, value };
}
