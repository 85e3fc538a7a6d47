import type { BillingProvider } from '../../api/index.ts';
import { Secret } from '../../kube/index.ts';
import type { Clock } from '../../observability/index.ts';
import type { Context } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { tenantsOf } from '../catalog/read.ts';
import { bookOf } from '../plan/agreed.ts';
import { logSink, type WriteLine } from '../sinks/log/log-sink.ts';
import { standardOutput } from '../sinks/log/standard-output.ts';
import type { Sinks } from '../sinks/registry.ts';
import { meterEventStream } from '../sinks/stripe/meter-event-stream.ts';
import type { StripeConnection } from '../sinks/stripe/sdk.ts';
import { type StripeSink, stripeSink } from '../sinks/stripe/stripe-sink.ts';
import { webhookSink } from '../sinks/webhook/webhook-sink.ts';
import { keyOf, signingKey } from './key.ts';
import type { Standing } from './report.ts';
import { keepAccount, meterNames } from './repository.ts';

/** What it takes to open a way to a provider. */
export interface OpenDeps {
  readonly store: Store;
  readonly sinks: Sinks;
  readonly clock: Clock;
  readonly operatorNamespace: string;
  /** Where providers of type Log write; standard output unless given. */
  readonly writeLine?: WriteLine;
}

const defaultRequestsPerSecond = 20;
/** The account of every receiver: its address may change, and rows that are frozen for it go on. */
const receiverAccount = 'webhook';
/** And that of every log. */
const logAccount = 'log';

/** The ways to Stripe of one process: each is kept while key, endpoint and transport are the same. */
export interface StripeWays {
  find(provider: string, key: string, spec: Pick<BillingProvider['spec'], 'endpoint' | 'transport'>): StripeSink;
  forget(provider: string): void;
}

/** None yet. */
export function ways(clock: Clock): StripeWays {
  const known = new Map<string, { readonly by: string; readonly sink: StripeSink }>();
  return {
    find: (provider, key, { endpoint, transport }) => {
      const by = JSON.stringify([key, endpoint, transport]);
      const before = known.get(provider);
      if (before?.by === by) return before.sink;
      const connection: StripeConnection = { key, endpoint };
      const batch = transport === 'MeterEventStream' ? meterEventStream(connection, clock) : undefined;
      const sink = stripeSink(connection, batch);
      known.set(provider, { by, sink });
      return sink;
    },
    forget: (provider) => void known.delete(provider),
  };
}

/** Opens the way: key, account, meters; the first thing that is missing is the answer. */
export async function openWay(
  deps: OpenDeps,
  provider: BillingProvider,
  ctx: Context,
  known: StripeWays,
): Promise<Standing> {
  const { metadata, spec } = provider;
  if (spec.type === 'Log') return await openLog(deps, provider);
  const checked = await keyOf(spec, (name) => ctx.live.get(Secret, { namespace: deps.operatorNamespace, name }));
  if (checked.kind === 'bad') return { status: 'False', reason: checked.reason, message: checked.message };
  if (spec.type === 'Webhook') return await openReceiver(deps, provider, checked.key);
  const sink = known.find(metadata.name, checked.key, spec);
  const probe = await sink.probe();
  if (probe.kind === 'refused') {
    const message = `the provider refuses the key: ${probe.message}; nothing is sent until the Secret holds a key that it accepts`;
    return { status: 'False', reason: 'KeyRefused', message };
  }
  if (probe.kind === 'unreachable') {
    const message = `the provider does not answer: ${probe.message}; usage waits in the outbox`;
    return { status: 'False', reason: 'Unreachable', message };
  }
  const other = await otherAccount(deps, provider, probe.account);
  return other ?? (await openMeters(deps, provider, ctx, sink, probe.account));
}

async function openMeters(
  { store, sinks }: OpenDeps,
  { metadata: { name: provider }, spec }: BillingProvider,
  ctx: Context,
  sink: StripeSink,
  account: string,
): Promise<Standing> {
  const { catalog, maxRequestsPerSecond, correctUpToSeconds } = spec;
  const tenants = catalog === undefined ? [] : tenantsOf(provider, ctx);
  const books = tenants.map((tenant) => bookOf(tenant, ctx)).filter((book) => book !== undefined);
  const eventNames = await meterNames(store, provider, books);
  let archived: readonly string[];
  try {
    archived = await sink.ensureMeters(account, eventNames);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { status: 'False', reason: 'MetersMissing', message: `a meter could not be made: ${reason}` };
  }
  const bound = correctUpToSeconds === undefined ? undefined : BigInt(correctUpToSeconds);
  const taken = eventNames.filter((name) => !archived.includes(name));
  sinks.set(provider, sink, taken, maxRequestsPerSecond ?? defaultRequestsPerSecond, bound);
  if (archived.length > 0) {
    const message = `meters are archived at the provider: ${archived.join(', ')}; reactivate them there, their usage waits in the outbox`;
    return { status: 'False', reason: 'MeterArchived', message, sends: true };
  }
  return { status: 'True', reason: 'Accepting', message: `account ${account} takes usage events` };
}

/** Usage frozen for one account goes to no other: identifiers hold the account. */
async function otherAccount(
  { store }: OpenDeps,
  { metadata, spec }: BillingProvider,
  account: string,
): Promise<Standing | undefined> {
  const mode = modeOf(spec);
  const ingestion = spec.ingestion ?? 'Delta';
  const before = await keepAccount(store, metadata.name, mode, account, ingestion);
  if (before === undefined) return undefined;
  const message = `the key belongs to account ${account} in ${mode} mode by ${ingestion}, but usage was frozen for ${before}; go back to that, or use a new BillingProvider`;
  return { status: 'False', reason: 'AccountChanged', message };
}

/** A receiver has no account to look at and no meters: it is sent every event by which the provider's tenants are charged. */
async function openReceiver(deps: OpenDeps, provider: BillingProvider, key: string): Promise<Standing> {
  const { metadata, spec } = provider;
  const other = await otherAccount(deps, provider, receiverAccount);
  if (other !== undefined) return other;
  const url = spec.webhook?.url ?? '';
  const sink = webhookSink({ url, key: signingKey(key), mode: modeOf(spec) }, deps.clock);
  const eventNames = await meterNames(deps.store, metadata.name, []);
  deps.sinks.set(metadata.name, sink, eventNames, spec.maxRequestsPerSecond ?? defaultRequestsPerSecond);
  const message = `usage is posted to ${URL.parse(url)?.origin ?? 'the receiver'}; what it answers is in the log where it is not 2xx`;
  return { status: 'True', reason: 'Accepting', message };
}

/** A log takes every event by which the provider's tenants are charged, and refuses none. */
async function openLog(deps: OpenDeps, provider: BillingProvider): Promise<Standing> {
  const { metadata, spec } = provider;
  const other = await otherAccount(deps, provider, logAccount);
  if (other !== undefined) return other;
  const eventNames = await meterNames(deps.store, metadata.name, []);
  const rate = spec.maxRequestsPerSecond ?? defaultRequestsPerSecond;
  deps.sinks.set(metadata.name, logSink(deps.writeLine ?? standardOutput, modeOf(spec)), eventNames, rate);
  return { status: 'True', reason: 'Accepting', message: 'usage is written to the standard output of the operator' };
}

function modeOf({ mode }: BillingProvider['spec']): 'test' | 'live' {
  return mode === 'Live' ? 'live' : 'test';
}
