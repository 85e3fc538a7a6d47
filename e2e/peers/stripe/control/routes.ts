import { seedCustomer } from '../catalog/customers.ts';
import { customerOf } from '../catalog/find.ts';
import { useMethod } from '../catalog/payment-methods.ts';
import type { KeyState } from '../http/keys.ts';
import { conflict, Refusal } from '../http/refusal.ts';
import { completeCheckout } from '../pages/checkout.ts';
import { jump } from '../time/pass.ts';
import type { Deliverer } from '../webhooks/deliver.ts';
import { release } from '../webhooks/emit.ts';
import type { World } from '../world.ts';
import { numberIn, textIn, wordIn } from './body.ts';
import { drift } from './drift.ts';
import { parsePlan } from './faults.ts';
import { truth } from './truth.ts';

/** What the peer's own routes act on. */
export interface Control {
  readonly world: World;
  readonly key: { state: KeyState };
  readonly deliverer: Deliverer;
}

/** A route under /_peer/, with the line that --help says of it. */
export interface ControlRoute {
  readonly route: string;
  readonly help: string;
  readonly answer: (control: Control, body: unknown) => object | Promise<object>;
}

/** The peer's own routes. */
export const controlRoutes: readonly ControlRoute[] = [
  {
    route: 'GET /_peer/truth',
    help: 'events, sums, sums by hour, attempts by identifier, invoices, webhook deliveries',
    answer: ({ world }) => truth(world),
  },
  {
    route: 'POST /_peer/clock',
    help: '{"advanceSeconds": N} or {"now": unix seconds}: forward only; what is due on the way happens',
    answer: ({ world }, body) => moveClock(world, body),
  },
  {
    route: 'POST /_peer/faults',
    help: '{"plan": [{"route", "nth", "fault", ...}]} and/or {"random": {"route", "calls", "share", "seed", "faults"}}',
    answer: ({ world }, body) => {
      world.faults.replace(parsePlan(body));
      return { accepted: true };
    },
  },
  {
    route: 'POST /_peer/key',
    help: '{"state": "good" | "revoked" | "restricted"}: 401 and 403 for the key',
    answer: ({ key }, body) => {
      key.state = wordIn(body, 'state', ['good', 'revoked', 'restricted']);
      return { state: key.state };
    },
  },
  {
    route: 'POST /_peer/customers',
    help: '{"id": "cus_..."}: a customer of this id',
    answer: ({ world }, body) => {
      seedCustomer(world, textIn(body, 'id'));
      return { id: textIn(body, 'id') };
    },
  },
  {
    route: 'POST /_peer/payments',
    help: '{"customer", "card": "pm_card_visa" | "pm_card_chargeCustomerFail"}: pays by this card from now on',
    answer: ({ world }, body) => payBy(world, textIn(body, 'customer'), textIn(body, 'card')),
  },
  {
    route: 'POST /_peer/checkout',
    help: '{"session", "card"}: what a customer does on the checkout page',
    answer: ({ world }, body) => completeCheckout(world, textIn(body, 'session'), textIn(body, 'card')),
  },
  {
    route: 'POST /_peer/drift',
    help: '{"identifier", "kind": "lost" | "doubled" | "altered", "value"}: the record differs from what was sent',
    answer: ({ world }, body) => drift(world, body),
  },
  {
    route: 'POST /_peer/webhooks',
    help: '{}: sends what is due and what was held back to be overtaken, answers when nothing is',
    answer: async ({ world, deliverer }) => {
      await deliverer.settled();
      release(world);
      await deliverer.settled();
      return { settled: true };
    },
  },
];

/** Answers one of the peer's own routes. */
export async function control(route: string, body: unknown, on: Control): Promise<object> {
  const found = controlRoutes.find((one) => one.route === route);
  if (found === undefined) throw new Refusal(404, `no such route of the peer: ${route}`);
  return await found.answer(on, body);
}

function moveClock(world: World, body: unknown): object {
  const now = numberIn(body, 'now');
  const seconds =
    numberIn(body, 'advanceSeconds') ?? (now === undefined ? undefined : now - world.clock.millis() / 1000);
  if (seconds === undefined) throw conflict('say {"advanceSeconds": N} or {"now": unix seconds}');
  world.state.atomically(() => jump(world, seconds));
  return { now: world.clock.seconds() };
}

function payBy(world: World, customer: string, card: string): object {
  const method = useMethod(world, card, customerOf(world, customer).id);
  const invoice_settings = { default_payment_method: method.id };
  world.state.put('customer', { ...customerOf(world, customer), invoice_settings });
  return method;
}
