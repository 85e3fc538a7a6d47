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
import { markPermission } from '../outbox/mark.ts';
import { countRows } from '../outbox/repository.ts';
import { webhookPath } from '../webhooks/api.ts';
import { type ReadSecret, receiverOf } from '../webhooks/receivers.ts';
import type { WebhookSource } from '../webhooks/source.ts';
import { type OpenDeps, openWay, ways } from './open.ts';
import { readProgress } from './progress.ts';
import { report, type Standing, withRefusal } from './report.ts';

/** What the controller works with. */
export interface ProviderDeps extends OpenDeps {
  /** How the worker of webhooks asks each provider. */
  readonly sources: Map<string, WebhookSource>;
}

const recheckMillis = 15_000;

/** The controller of BillingProviders. */
export function billingProviderController(deps: ProviderDeps): Controller {
  const known = ways(deps.clock);
  return controller(kinds.BillingProvider)
    .watches(kinds.PriceBook, everyProvider)
    .watches(kinds.Tenant, everyProvider)
    .watches(kinds.BillingPlan, everyProvider)
    .reads(kinds.PriceExperiment)
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
      known.forget(name);
    })
    .reconcile(async (provider, ctx) => {
      // Asked before the way is opened again, which forgets it: the sender has tried since the last pass.
      const refusal = deps.sinks.paused(provider.metadata.name);
      const opened = await openWay(deps, provider, ctx, known);
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
