/** Keeps a way to each billing provider open while its key is accepted, and counts what was delivered. */
import { type BillingProvider, kinds } from '../../api/index.ts';
import { Secret } from '../../kube/index.ts';
import {
  type Context,
  type Controller,
  controller,
  type Key,
  type KubeObject,
  type Reader,
} from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { tenantsOf } from '../catalog/read.ts';
import { markPermission } from '../outbox/mark.ts';
import { countRows } from '../outbox/repository.ts';
import { bookOf } from '../plan/agreed.ts';
import type { Sinks } from '../sinks/registry.ts';
import { type StripeSink, stripeSink } from '../sinks/stripe/stripe-sink.ts';
import { webhookPath } from '../webhooks/api.ts';
import { type ReadSecret, receiverOf } from '../webhooks/receivers.ts';
import type { WebhookSource } from '../webhooks/source.ts';
import { checkKey } from './key.ts';
import { readProgress } from './progress.ts';
import { report, type Standing, withRefusal } from './report.ts';
import { keepAccount, meterNames } from './repository.ts';

/** What the controller works with. */
export interface ProviderDeps {
  readonly store: Store;
  readonly sinks: Sinks;
  /** How the worker of webhooks asks each provider. */
  readonly sources: Map<string, WebhookSource>;
  readonly operatorNamespace: string;
}

const defaultRequestsPerSecond = 20;
const recheckMillis = 15_000;

/** The controller of BillingProviders. */
export function billingProviderController(deps: ProviderDeps): Controller {
  const known = new Map<string, { readonly connection: string; readonly sink: StripeSink }>();
  const sinkFor = (name: string, key: string, endpoint: string | undefined): StripeSink => {
    const connection = JSON.stringify([key, endpoint]);
    const before = known.get(name);
    if (before?.connection === connection) return before.sink;
    const sink = stripeSink({ key, endpoint });
    known.set(name, { connection, sink });
    return sink;
  };
  return controller(kinds.BillingProvider)
    .watches(kinds.PriceBook, everyProvider)
    .watches(kinds.Tenant, everyProvider)
    .watches(kinds.BillingPlan, everyProvider)
    .debounce('1s')
    .may({
      group: '',
      resource: 'secrets',
      verbs: ['get'],
      in: 'operator',
      why: 'reads the API key and the signing secrets of webhooks that a BillingProvider names',
    })
    .may(markPermission)
    .every('1m')
    .timeout('120s')
    .gone(async ({ name }) => {
      deps.sinks.remove(name);
      deps.sources.delete(name);
      known.delete(name);
    })
    .reconcile(async (provider, ctx) => {
      // Asked before the way is opened again, which forgets it: the sender has tried since the last pass.
      const refusal = deps.sinks.paused(provider.metadata.name);
      const opened = await open(deps, provider, ctx, sinkFor);
      if (opened.status === 'False' && opened.sends !== true) deps.sinks.remove(provider.metadata.name);
      const standing = withRefusal(opened, refusal);
      const rows = await countRows(deps.store, provider.metadata.name);
      const progress = await readProgress(deps.store, provider.metadata.name);
      const webhooks = await takeWebhooks(deps, provider, ctx);
      return { status: report({ standing, webhooks, rows, progress }, ctx.now().getTime()), after: recheckMillis };
    });
}

/** New prices, plans and tenants need meters. */
function everyProvider(_changed: KubeObject, reader: Reader): readonly Key[] {
  return reader.list(kinds.BillingProvider).map(({ metadata }) => ({ name: metadata.name }));
}

/** Lets the worker ask the provider about webhooks, and says whether any are taken. */
async function takeWebhooks(deps: ProviderDeps, provider: BillingProvider, ctx: Context): Promise<Standing> {
  const secret: ReadSecret = async (name) => {
    const found = await ctx.live.get(Secret, { namespace: deps.operatorNamespace, name });
    return found && (found.data ?? {});
  };
  const { name } = provider.metadata;
  const checked = await receiverOf(provider, secret);
  if (checked.kind === 'bad') {
    deps.sources.delete(name);
    return { status: 'False', reason: checked.reason, message: checked.message };
  }
  deps.sources.set(name, checked.receiver.source);
  return { status: 'True', reason: 'Receiving', message: `signed events are taken at ${webhookPath}${name}` };
}

/** Opens the way: key, account, meters; the first thing that is missing is the answer. */
async function open(
  deps: ProviderDeps,
  provider: BillingProvider,
  ctx: Context,
  sinkFor: (name: string, key: string, endpoint: string | undefined) => StripeSink,
): Promise<Standing> {
  const { metadata, spec } = provider;
  const secret = await ctx.live.get(Secret, { namespace: deps.operatorNamespace, name: spec.secretRef.name });
  const checked = checkKey(spec, secret === undefined ? undefined : (secret.data ?? {}));
  if (checked.kind === 'bad') return { status: 'False', reason: checked.reason, message: checked.message };
  const sink = sinkFor(metadata.name, checked.key, spec.endpoint);
  const probe = await sink.probe();
  if (probe.kind === 'refused') {
    const message = `the provider refuses the key: ${probe.message}; nothing is sent until the Secret holds a key that it accepts`;
    return { status: 'False', reason: 'KeyRefused', message };
  }
  if (probe.kind === 'unreachable') {
    const message = `the provider does not answer: ${probe.message}; usage waits in the outbox`;
    return { status: 'False', reason: 'Unreachable', message };
  }
  const mode = spec.mode === 'Live' ? 'live' : 'test';
  const before = await keepAccount(deps.store, metadata.name, mode, probe.account);
  if (before !== undefined) {
    const message = `the key belongs to account ${probe.account} in ${mode} mode, but usage was frozen for ${before}; use a key of that account, or a new BillingProvider`;
    return { status: 'False', reason: 'AccountChanged', message };
  }
  return await openMeters(deps, provider, ctx, sink, probe.account);
}

async function openMeters(
  { store, sinks }: ProviderDeps,
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
