import type { Subject } from './subject.ts';

/** What Stripe's documents leave open: answered by a sandbox, and by the peer as it was set. */
export interface Question {
  readonly name: string;
  readonly ask: (subject: Subject) => Promise<string>;
}

/** A question whose answer takes a day: plant, then harvest 25 hours later or more. */
export interface SlowQuestion {
  readonly name: string;
  readonly plant: (subject: Subject) => Promise<Planted>;
  readonly harvest: (subject: Subject, planted: Planted) => Promise<string>;
}

/** What was left to be looked at later. */
export interface Planted {
  /** Unix seconds. */
  readonly at: number;
  readonly eventName: string;
  readonly customer: string;
  readonly identifier: string;
}

/** Identifiers are remembered "at least 24 hours": only an hour later says something. */
export const harvestAfterSeconds = 25 * 3600;

async function ground(
  { stripe, mark }: Subject,
  window?: 'hour',
): Promise<{ eventName: string; meter: string; customer: string }> {
  const eventName = `gpu_seconds__${mark}`;
  const sum = { default_aggregation: { formula: 'sum' } } as const;
  const made = {
    display_name: 'conformance',
    event_name: eventName,
    ...sum,
    ...(window && { event_time_window: window }),
  };
  const meter = await stripe.billing.meters.create(made);
  return { eventName, meter: meter.id, customer: (await stripe.customers.create({ name: mark })).id };
}

async function send(
  { stripe }: Subject,
  event_name: string,
  customer: string,
  identifier: string,
  value: string,
  timestamp: number,
): Promise<string> {
  const payload = { stripe_customer_id: customer, value };
  try {
    await stripe.billing.meterEvents.create({ event_name, identifier, timestamp, payload });
    return 'taken';
  } catch (error) {
    const status: unknown = Reflect.get(Object(error), 'statusCode');
    return `refused with ${String(status)}`;
  }
}

/** Questions that are answered at once. */
export const questions: readonly Question[] = [
  {
    name: 'is a decimal value taken',
    ask: async (subject) => {
      const { eventName, customer } = await ground(subject);
      return await send(subject, eventName, customer, `${subject.mark}_d`, '1.5', await subject.now());
    },
  },
  {
    name: 'does an event of an hourly meter replace the earlier one of its hour',
    ask: async (subject) => {
      const { eventName, meter, customer } = await ground(subject, 'hour');
      const now = await subject.now();
      const from = now - (now % 3600) - 3600;
      await send(subject, eventName, customer, `${subject.mark}_1`, '10', from);
      await send(subject, eventName, customer, `${subject.mark}_2`, '4', from + 60);
      const range = { customer, start_time: from, end_time: from + 3600, value_grouping_window: 'hour' } as const;
      return await subject.until('the hour is recorded', async () => {
        const { data } = await subject.stripe.billing.meters.listEventSummaries(meter, range);
        return data[0] === undefined ? undefined : `recorded ${data[0].aggregated_value}`;
      });
    },
  },
  {
    name: 'what is answered to calls for one customer and meter at once',
    ask: async (subject) => {
      const { eventName, customer } = await ground(subject);
      const now = await subject.now();
      const calls = Array.from({ length: 10 }, (_, index) =>
        send(subject, eventName, customer, `${subject.mark}_${index}`, '1', now),
      );
      return [...new Set(await Promise.all(calls))].toSorted().join(', ');
    },
  },
];

/** Does an identifier expire? */
export const identifierExpiry: SlowQuestion = {
  name: 'is an identifier taken again after 25 hours',
  plant: async (subject) => {
    const { eventName, customer } = await ground(subject);
    const planted = { at: await subject.now(), eventName, customer, identifier: `${subject.mark}_planted` };
    await send(subject, eventName, customer, planted.identifier, '1', planted.at);
    return planted;
  },
  harvest: async (subject, { at, eventName, customer, identifier }) => {
    return await send(subject, eventName, customer, identifier, '1', at);
  },
};
