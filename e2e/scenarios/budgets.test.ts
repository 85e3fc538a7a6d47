import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BillingPlan, BillingProvider, Budget, PriceBook, Tenant } from '../../operator/api/index.ts';
import type { Pod } from '../../operator/kube/index.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { PeerProcess } from './ledger/peer.ts';
import { StripeAccount } from './ledger/stripe-account.ts';

const NAME = 'bud-acme';
const CUSTOMER = 'cus_bud_acme';
const OPERATOR_NAMESPACE = 'gpuopt-system';
const apiVersion = 'gpuoptimizer.io/v1alpha1';
const node = gpuNode('bud', 'bud-a');
const patience = 120_000;

let world: GpuWorld;
let peer: PeerProcess;
let account: StripeAccount;

beforeAll(async () => {
  world = await gpuWorld();
  peer = await PeerProcess.start([CUSTOMER]);
  account = new StripeAccount(peer.url);
  await world.send(
    ['apply', '--server-side'],
    ...[node, namespaceNamed(OPERATOR_NAMESPACE), namespaceNamed(NAME), gpuPool('bud', scenarioLabel)],
    ...[priceBook(), plan(), provider()],
    { ...gpuTenant(NAME, [NAME]), spec: { ...gpuTenant(NAME, [NAME]).spec, planRef: { name: NAME }, billing } },
  );
  await world.operator.start();
  const port = await eventually('the operator takes webhooks', async () => webhookPort());
  const secret = await account.sendInvoiceEventsTo(`http://127.0.0.1:${port}/webhooks/${NAME}`);
  await world.send(['apply', '--server-side'], keys(secret));
  const { kubectl } = world.cluster;
  const verbs = ['--verb=get,patch,update', '--resource=namespaces'];
  await kubectl(['create', 'clusterrole', 'bud-namespaces', ...verbs]);
  await kubectl(['create', 'clusterrolebinding', 'bud-bob-ns', '--clusterrole=bud-namespaces', '--user=bud-bob']);
  await kubectl(['create', 'clusterrolebinding', 'bud-bob', '--clusterrole=edit', '--user=bud-bob']);
  await eventually('the namespace belongs to the tenant', async () =>
    (await labels())['gpuoptimizer.io/tenant'] === NAME ? true : undefined,
  );
  await world.send(['create'], gpuPod(NAME, 'runner', gpuSpec(1, { nodeSelector: scenarioLabel })));
  await eventually('the first pod runs', async () =>
    (await podNamed('runner')).status?.phase === 'Running' ? true : undefined,
  );
});

afterAll(async () => {
  const { tryKubectl } = world.cluster;
  await tryKubectl(['delete', 'clusterrolebinding', 'bud-bob', 'bud-bob-ns']);
  await tryKubectl(['delete', 'clusterrole', 'bud-namespaces']);
  await tryKubectl(['delete', 'pdb', '--all', '-n', NAME]);
  await peer?.stop();
  await world.end({
    namespaces: [NAME],
    objects: [
      ...['gpupool/bud', `tenant/${NAME}`, `budget/${NAME}`, `billingplan/${NAME}`, `billingprovider/${NAME}`],
      ...[`pricebook/${NAME}`, 'node/bud-a'],
    ],
  });
});

const scenarioLabel = { 'gpuoptimizer.io/scenario': 'bud' };
const billing = { providerRef: { name: NAME }, customerId: CUSTOMER };

/** A GPU costs ten cents a second. */
function priceBook(): PriceBook {
  const sku = { name: 'bud_h100__full', match: { model: 'NVIDIA-H100-80GB-HBM3', profile: 'full' }, perHour: '360.00' };
  const spec = { book: NAME, version: 1, currency: 'usd', effectiveFromTime: '2020-01-01T00:00:00Z', skus: [sku] };
  return { apiVersion, kind: 'PriceBook', metadata: { name: NAME }, spec };
}

function plan(evictAfterSeconds?: number): BillingPlan {
  const dunning = [
    { step: 'Warning', afterSeconds: 0 },
    { step: 'Delinquent', afterSeconds: 25 },
    { step: 'Frozen', afterSeconds: 50 },
  ] as const;
  const spec = { book: NAME, dunning, ...(evictAfterSeconds !== undefined && { evictAfterSeconds }) };
  return { apiVersion, kind: 'BillingPlan', metadata: { name: NAME }, spec };
}

function provider(): Pick<BillingProvider, 'apiVersion' | 'kind' | 'metadata' | 'spec'> {
  const secretRef = { name: NAME, key: 'api-key' };
  const webhookSecretRef = { name: NAME, key: 'webhooks' };
  const spec = { type: 'Stripe', mode: 'Test', secretRef, webhookSecretRef, endpoint: peer.url } as const;
  return { apiVersion, kind: 'BillingProvider', metadata: { name: NAME }, spec };
}

function keys(webhooks: string): object {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const data = { 'api-key': encode('sk_test_peer'), webhooks: encode(webhooks) };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: NAME, namespace: OPERATOR_NAMESPACE }, data };
}

function budget(amount: string): Budget {
  const steps = [
    { action: 'Warn', percent: 50 },
    { action: 'Freeze', percent: 100 },
  ] as const;
  const spec = { tenantRef: { name: NAME }, amount, currency: 'usd', period: 'Day', steps } as const;
  return { apiVersion, kind: 'Budget', metadata: { name: NAME }, spec };
}

function webhookPort(): string | undefined {
  const lines = world.operator.log().split('\n');
  const line = lines.find((one) => one.includes('serving campaign runs and webhooks'));
  return /"port":(\d+)/.exec(line ?? '')?.[1];
}

async function labels(): Promise<Readonly<Record<string, string>>> {
  return (await world.get<Pick<Pod, 'metadata'>>('namespace', NAME)).metadata.labels ?? {};
}

async function podNamed(name: string): Promise<Pod> {
  return await world.get<Pod>('pod', name, '-n', NAME);
}

/** Waits for a reason of GoodStanding; answers its message. */
async function stands(reason: string): Promise<string> {
  return await eventually(
    `the tenant is ${reason}`,
    async () => {
      const { status } = await world.get<Tenant>('tenant', NAME);
      const found = status?.conditions?.find(({ type }) => type === 'GoodStanding');
      return found?.reason === reason ? found.message : undefined;
    },
    patience,
  );
}

/** What bob, who may edit pods, is told when he makes something; a dry run, so that nothing starts. */
async function askedByBob(object: object) {
  const input = JSON.stringify(object);
  return await world.cluster.tryKubectl(['create', '--dry-run=server', '-f', '-', '--as=bud-bob'], { input });
}

const newPod = (): Pod => gpuPod(NAME, 'new', gpuSpec(1, { nodeSelector: scenarioLabel }));

describe('a budget that is spent', () => {
  it('freezes: admission refuses new GPU pods and says why, and what runs goes on', async () => {
    await world.send(['apply', '--server-side'], budget('1.00'));
    expect(await stands('StandingFrozen')).toContain(
      `100 percent of the 1.00 usd that Budget ${NAME} allows each day are spent`,
    );
    const refused = await eventually('admission knows of the freeze', async () => {
      const answer = await askedByBob(newPod());
      return answer.code === 0 ? undefined : answer.stderr;
    });
    expect(refused).toContain('the tenant of this namespace is frozen, so no new pod that asks for GPUs is let in');
    expect(refused).toContain('or once the amount is raised');
    expect((await podNamed('runner')).status?.phase).toBe('Running');
  });

  it('lets in what asks for no GPU, and nobody of the tenant lifts the freeze himself', async () => {
    const spec = { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] };
    expect(await askedByBob(gpuPod(NAME, 'plain', spec))).toMatchObject({ code: 0 });
    const thaw = ['label', 'namespace', NAME, 'gpuoptimizer.io/frozen-', '--dry-run=server', '--as=bud-bob'];
    expect((await world.cluster.tryKubectl(thaw)).stderr).toContain('follow from Tenants');
  });

  it('refuses claims, which hold devices as well', async () => {
    const devices = { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.nvidia.com' } }] };
    const claim = { kind: 'ResourceClaim', metadata: { name: 'new', namespace: NAME }, spec: { devices } };
    const answer = await askedByBob({ apiVersion: 'resource.k8s.io/v1', ...claim });
    expect(answer.stderr).toContain('so no new resource claim is let in');
  });

  it('releases nothing that waits, and all of it once the amount is raised', async () => {
    await world.send(['create'], gpuPod(NAME, 'waiting', gpuSpec(1, { nodeSelector: scenarioLabel })));
    await eventually('the pod that waits is told why', async () => {
      const { status } = await podNamed('waiting');
      const told = status?.conditions?.some(({ message }) => message?.includes(`Budget ${NAME}`));
      return told === true ? true : undefined;
    });
    expect((await podNamed('waiting')).spec?.nodeName).toBeUndefined();
    await world.send(['apply', '--server-side'], budget('1000000.00'));
    await stands('StandingActive');
    await eventually('the pod that waited runs', async () =>
      (await podNamed('waiting')).status?.phase === 'Running' ? true : undefined,
    );
    expect((await labels())['gpuoptimizer.io/frozen']).toBeUndefined();
    await eventually('admission lets pods in again', async () =>
      (await askedByBob(newPod())).code === 0 ? true : undefined,
    );
  });
});

describe('an invoice that is not paid', () => {
  let invoice: string;

  it('climbs the ladder of the plan: warned, delinquent, frozen', async () => {
    await eventually(
      'webhooks are taken',
      async () => {
        const { status } = await world.get<BillingProvider>('billingprovider', NAME);
        return status?.conditions?.some(({ type, reason }) => type === 'WebhooksReady' && reason === 'Receiving')
          ? true
          : undefined;
      },
      patience,
    );
    await peer.control('payments', { customer: CUSTOMER, card: 'pm_card_chargeCustomerFail' });
    invoice = await account.bill(CUSTOMER, 4200);
    await peer.control('webhooks', {});
    expect(await stands('StandingWarning')).toContain(`invoice ${invoice} has been unpaid since`);
    await stands('StandingDelinquent');
    expect((await askedByBob(newPod())).code).toBe(0);
    expect(await stands('StandingFrozen')).toContain('start again once it is paid');
    await eventually('admission knows of the freeze', async () =>
      (await askedByBob(newPod())).stderr.includes(`invoice ${invoice} has been unpaid`) ? true : undefined,
    );
  });

  it('evicts once the freeze has lasted, as far as PodDisruptionBudgets let it', async () => {
    await world.cluster.kubectl(['label', 'pod', 'runner', '-n', NAME, 'app=kept']);
    const keep = ['create', 'pdb', 'kept', '-n', NAME, '--selector=app=kept', '--min-available=1'];
    await world.cluster.kubectl(keep);
    await world.send(['apply', '--server-side'], plan(1));
    expect(await stands('EvictionBlocked')).toContain(`PodDisruptionBudgets keep ${NAME}/runner from being evicted`);
    await eventually('the pod that nothing protects is gone', async () =>
      (await world.pods(NAME)).every(({ metadata }) => metadata.name !== 'waiting') ? true : undefined,
    );
    expect((await podNamed('runner')).metadata.deletionTimestamp).toBeUndefined();
    await world.send(['apply', '--server-side', '--force-conflicts'], plan());
    await stands('StandingFrozen');
  });

  it('lets go by itself once it is paid', async () => {
    await peer.control('payments', { customer: CUSTOMER, card: 'pm_card_visa' });
    expect(await account.collect(invoice)).toBe(true);
    await peer.control('webhooks', {});
    await stands('StandingActive');
    await eventually('admission lets pods in again', async () =>
      (await askedByBob(newPod())).code === 0 ? true : undefined,
    );
  });
});
