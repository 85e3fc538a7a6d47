import type Stripe from 'stripe';
import { expect } from 'vitest';

import type { Case, Subject } from './subject.ts';

const hour = 3600;
const day = 24 * hour;
const bad = { type: 'StripeInvalidRequestError', statusCode: 400 };

interface Setup {
  readonly meter: Stripe.Billing.Meter;
  readonly customer: string;
  readonly send: (
    identifier: string,
    change?: Partial<Stripe.Billing.MeterEventCreateParams>,
  ) => Promise<Stripe.Billing.MeterEvent>;
}

async function setup({ stripe, mark }: Subject): Promise<Setup> {
  const event_name = `gpu_seconds__${mark}`;
  const made = { display_name: 'conformance', event_name, default_aggregation: { formula: 'sum' } } as const;
  const meter = await stripe.billing.meters.create(made);
  const customer = (await stripe.customers.create({ name: mark })).id;
  const send: Setup['send'] = async (identifier, change = {}) => {
    const payload = { stripe_customer_id: customer, value: '3600' };
    return await stripe.billing.meterEvents.create({
      event_name,
      identifier: `${mark}_${identifier}`,
      payload,
      ...change,
    });
  };
  return { meter, customer, send };
}

/** What a meter has recorded for one hour. */
async function recorded({ stripe }: Subject, { meter, customer }: Setup, from: number): Promise<number> {
  const range = { customer, start_time: from, end_time: from + hour, value_grouping_window: 'hour' } as const;
  const { data } = await stripe.billing.meters.listEventSummaries(meter.id, range);
  return data[0]?.aggregated_value ?? 0;
}

async function hourBefore(subject: Subject): Promise<number> {
  const now = await subject.now();
  return now - (now % hour) - hour;
}

/** Cases of meters and their events. */
export const meteringCases: readonly Case[] = [
  {
    name: 'a meter is what was asked for, and found again',
    run: async (subject) => {
      const { meter } = await setup(subject);
      expect(meter).toMatchObject({
        object: 'billing.meter',
        status: 'active',
        default_aggregation: { formula: 'sum' },
      });
      expect(await subject.stripe.billing.meters.retrieve(meter.id)).toMatchObject({ event_name: meter.event_name });
    },
  },
  {
    name: 'a second active meter of one event name is refused',
    run: async (subject) => {
      await setup(subject);
      await expect(setup(subject)).rejects.toMatchObject(bad);
    },
  },
  {
    name: 'an event is answered with what was sent',
    run: async (subject) => {
      const { send, meter } = await setup(subject);
      const timestamp = (await subject.now()) - 60;
      const sent = await send('a', { timestamp });
      expect(sent).toMatchObject({ object: 'billing.meter_event', event_name: meter.event_name, timestamp });
    },
  },
  {
    name: 'an identifier is taken once, and the refusal says so in words',
    run: async (subject) => {
      const { send } = await setup(subject);
      await send('a');
      await expect(send('a')).rejects.toMatchObject({
        ...bad,
        message: expect.stringMatching(/already exists with identifier/i),
      });
    },
  },
  {
    name: 'identifiers are of the account, not of the meter',
    run: async (subject) => {
      const { send } = await setup(subject);
      await send('a');
      const other = await setup({ ...subject, mark: `${subject.mark}_other` });
      const clash = { event_name: other.meter.event_name, identifier: `${subject.mark}_a` };
      await expect(other.send('', clash)).rejects.toMatchObject(bad);
    },
  },
  ...[
    ['35 days and an hour ago', -(35 * day + hour)],
    ['ten minutes ahead', 600],
  ].map(
    ([name, offset]): Case => ({
      name: `an event of ${name} is refused`,
      run: async (subject) => {
        const { send } = await setup(subject);
        await expect(send('a', { timestamp: (await subject.now()) + Number(offset) })).rejects.toMatchObject(bad);
      },
    }),
  ),
  {
    name: 'an identifier of 101 characters is refused',
    run: async (subject) => {
      const { send } = await setup(subject);
      await expect(send('', { identifier: 'x'.repeat(101) })).rejects.toMatchObject(bad);
    },
  },
  {
    name: 'a customer that is not there is taken with 200 and recorded nowhere',
    run: async (subject) => {
      const world = await setup(subject);
      const from = await hourBefore(subject);
      await world.send('a', { timestamp: from, payload: { stripe_customer_id: 'cus_nobody', value: '1' } });
      await world.send('b', { timestamp: from });
      await subject.until('the good one is recorded', async () =>
        (await recorded(subject, world, from)) === 3600 ? true : undefined,
      );
    },
  },
  {
    name: 'summaries by the hour give back the sums, negative ones too',
    run: async (subject) => {
      const world = await setup(subject);
      const from = await hourBefore(subject);
      await world.send('a', { timestamp: from });
      await world.send('b', { timestamp: from + hour - 1 });
      await world.send('c', { timestamp: from + 1, payload: { stripe_customer_id: world.customer, value: '-600' } });
      const sum = async () => ((await recorded(subject, world, from)) === 6600 ? true : undefined);
      expect(await subject.until('6600 s are recorded', sum)).toBe(true);
    },
  },
  {
    name: 'summaries by the hour take whole hours only',
    run: async (subject) => {
      const world = await setup(subject);
      await expect(recorded(subject, world, (await hourBefore(subject)) + 60)).rejects.toMatchObject(bad);
    },
  },
  {
    name: 'a cancelled event counts for nothing',
    run: async (subject) => {
      const world = await setup(subject);
      const from = await hourBefore(subject);
      await world.send('a', { timestamp: from });
      await world.send('b', { timestamp: from, payload: { stripe_customer_id: world.customer, value: '5' } });
      const cancel = { identifier: `${subject.mark}_a` };
      const { event_name } = world.meter;
      await subject.stripe.billing.meterEventAdjustments.create({ event_name, type: 'cancel', cancel });
      await subject.until('only the other one is recorded', async () =>
        (await recorded(subject, world, from)) === 5 ? true : undefined,
      );
    },
  },
  {
    name: 'v2: an event is checked at once, and a repetition has a code',
    run: async (subject) => {
      const { meter, customer } = await setup(subject);
      const payload = { stripe_customer_id: customer, value: '1' };
      const wanted = { event_name: meter.event_name, identifier: `${subject.mark}_v2`, payload };
      const sent = await subject.stripe.v2.billing.meterEvents.create(wanted);
      expect(sent).toMatchObject({ object: 'v2.billing.meter_event', identifier: wanted.identifier });
      const again = subject.stripe.v2.billing.meterEvents.create(wanted);
      await expect(again).rejects.toMatchObject({ statusCode: 400, code: 'duplicate_meter_event' });
    },
  },
  {
    name: 'v2: the stream takes the token of a session, and events are recorded later',
    run: async (subject) => {
      const world = await streaming(subject);
      await world.stream([world.event('a'), world.event('b')]);
      await subject.until('both are recorded', async () =>
        (await recorded(subject, world, world.from)) === 14 ? true : undefined,
      );
    },
  },
  {
    name: 'v2: the stream counts an identifier once, whether it is repeated in a call or in the next',
    run: async (subject) => {
      const world = await streaming(subject);
      await world.stream([world.event('a'), world.event('a')]);
      await world.stream([world.event('a'), world.event('b')]);
      await subject.until('two are recorded', async () =>
        (await recorded(subject, world, world.from)) === 14 ? true : undefined,
      );
    },
  },
  {
    name: 'v2: an identifier that v1 has taken is not counted again by the stream',
    run: async (subject) => {
      const world = await streaming(subject);
      await world.send('a', { timestamp: world.from });
      await world.stream([world.event('a'), world.event('b')]);
      await subject.until('the first and the new one are recorded', async () =>
        (await recorded(subject, world, world.from)) === 3607 ? true : undefined,
      );
    },
  },
  {
    name: 'v2: the stream takes a row of a customer that is not there with the others, and records these',
    run: async (subject) => {
      const world = await streaming(subject);
      const bad = { ...world.event('a'), payload: { stripe_customer_id: 'cus_nobody', value: '1' } };
      await world.stream([bad, world.event('b')]);
      await subject.until('the good one is recorded', async () =>
        (await recorded(subject, world, world.from)) === 7 ? true : undefined,
      );
    },
  },
  {
    name: 'v2: the stream refuses 101 events in one call',
    run: async (subject) => {
      const world = await streaming(subject);
      const events = Array.from({ length: 101 }, (_, at) => world.event(String(at)));
      await expect(world.stream(events)).rejects.toMatchObject({ statusCode: 400 });
    },
  },
];

type StreamedEvent = Parameters<Stripe['v2']['billing']['meterEventStream']['create']>[0]['events'][number];

interface Streaming extends Setup {
  /** The hour that `event` is of, in unix seconds of its start. */
  readonly from: number;
  readonly event: (identifier: string) => StreamedEvent;
  readonly stream: (events: StreamedEvent[]) => Promise<unknown>;
}

/** A meter, and a session of the stream. */
async function streaming(subject: Subject): Promise<Streaming> {
  const world = await setup(subject);
  const from = await hourBefore(subject);
  const session = await subject.stripe.v2.billing.meterEventSession.create();
  const stream = subject.withKey(session.authentication_token).v2.billing.meterEventStream;
  const event = (identifier: string): StreamedEvent => ({
    event_name: world.meter.event_name,
    identifier: `${subject.mark}_${identifier}`,
    timestamp: new Date(from * 1000).toISOString(),
    payload: { stripe_customer_id: world.customer, value: '7' },
  });
  return { ...world, from, event, stream: (events) => stream.create({ events }) };
}
