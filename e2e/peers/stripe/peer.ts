import { seedCustomer } from './catalog/customers.ts';
import { type Fault, FaultPlan } from './control/faults.ts';
import { type Control, control } from './control/routes.ts';
import { Flights } from './http/flights.ts';
import type { KeyState } from './http/keys.ts';
import { Pace } from './http/pace.ts';
import { type Gate, type Outcome, type Request, refusalAnswer, serve } from './http/pipeline.ts';
import { conflict, Refusal } from './http/refusal.ts';
import { listen } from './http/server.ts';
import { MeterLedger } from './metering/ledger.ts';
import { defaultSettings, type PeerSettings } from './settings.ts';
import { State } from './state/state.ts';
import { PeerClock } from './time/clock.ts';
import { passTime } from './time/pass.ts';
import { Timers } from './time/timers.ts';
import { Deliverer } from './webhooks/deliver.ts';
import type { World } from './world.ts';

/** How to start the peer. */
export interface PeerOptions {
  readonly host?: string;
  readonly port?: number;
  /** A file that keeps everything over a restart. */
  readonly state?: string;
  /** Customers that exist from the start. */
  readonly customers?: readonly string[];
  /** Faults from the start. */
  readonly faults?: readonly Fault[];
  readonly settings?: Partial<PeerSettings>;
  /** Milliseconds since 1970; the machine's clock when absent. */
  readonly machineTime?: () => number;
}

/** A running peer. */
export interface StripePeer {
  readonly url: string;
  close(): Promise<void>;
}

/** How often time is looked at while nobody calls: webhooks that are due go out within it. */
const tickMillis = 200;

/** Starts a server that plays Stripe's billing API with memory, refusing what Stripe refuses. */
export async function startStripePeer(options: PeerOptions = {}): Promise<StripePeer> {
  let url = '';
  const world = worldOf(options, () => url);
  world.state.atomically(() => {
    for (const id of options.customers ?? []) seedCustomer(world, id);
  });
  world.faults.replace(options.faults ?? []);
  const key: { state: KeyState } = { state: 'good' };
  const deliverer = new Deliverer(world);
  const gate: Gate = {
    world,
    flights: new Flights(world.settings.concurrencyStatus),
    pace: new Pace(world.settings),
    key,
  };
  const look = (): void => {
    world.state.atomically(() => passTime(world));
    deliverer.start();
  };
  const server = await listen(options.host ?? '127.0.0.1', options.port ?? 0, async (request) => {
    look();
    try {
      if (request.path.startsWith('/_peer/')) return await ownRoute({ world, key, deliverer }, request);
      return await serve(gate, request);
    } finally {
      deliverer.start();
    }
  });
  url = server.url;
  const ticking = setInterval(look, tickMillis);
  return {
    url,
    close: async () => {
      clearInterval(ticking);
      await server.close();
    },
  };
}

function worldOf({ state: file, settings, machineTime = Date.now }: PeerOptions, address: () => string): World {
  const state = new State(file);
  return {
    state,
    clock: new PeerClock(state, machineTime),
    timers: new Timers(state),
    ledger: new MeterLedger(state),
    faults: new FaultPlan(),
    settings: { ...defaultSettings, ...settings },
    address,
  };
}

async function ownRoute(on: Control, { method, path, body }: Request): Promise<Outcome> {
  try {
    return { status: 200, body: await control(`${method} ${path}`, jsonOf(body), on) };
  } catch (error) {
    if (error instanceof Refusal) return refusalAnswer(error);
    throw error;
  }
}

function jsonOf(body: string): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) throw conflict(`the body is not JSON: ${error.message}`);
    throw error;
  }
}
