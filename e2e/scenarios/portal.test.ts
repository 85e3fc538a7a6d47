import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BillingPlan, PriceBook, SKU } from '../../operator/api/index.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, OperatorProcess } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { PeerProcess } from './ledger/peer.ts';
import { StripeAccount } from './ledger/stripe-account.ts';
import { isDone, trueSeconds } from './ledger/truth.ts';

const SCENARIO = 'portal';
const OPERATOR_NAMESPACE = 'gpuopt-system';
const apiVersion = 'gpuoptimizer.io/v1alpha1';
const patience = 180_000;
const selector = { 'gpuoptimizer.io/scenario': SCENARIO };
const node = gpuNode(SCENARIO, 'portal-a');

/** Both hold H100s: acme at a tenth of a cent a second, globex in tiers beyond what his plan includes. */
const tenants = {
  'portal-acme': { gpus: 1, amount: 4200, price: { perHour: '3.60' }, included: undefined },
  'portal-globex': {
    ...{ gpus: 2, amount: 7700, included: '3' },
    price: { tiers: { mode: 'Graduated', steps: [{ upToSeconds: '4', perHour: '7.20' }, { perHour: '3.60' }] } },
  },
} as const;
type Name = keyof typeof tenants;
const names = ['portal-acme', 'portal-globex'] as const;
const customerOf = (name: Name): string => `cus_${name.replace('-', '_')}`;

let world: GpuWorld;
let operator: OperatorProcess;
let peer: PeerProcess;
let account: StripeAccount;
let base: string;
const ajv = new Ajv2020({ strict: false });

beforeAll(async () => {
  world = await gpuWorld();
  peer = await PeerProcess.start(names.map(customerOf));
  account = new StripeAccount(peer.url);
  const windows = ['--window-seconds', '4', '--seal-grace-seconds', '2'];
  operator = new OperatorProcess(world.cluster.kubeconfig, ['--portal-address', '127.0.0.1:0', ...windows]);
  await world.send(
    ['apply', '--server-side'],
    ...[node, gpuPool(SCENARIO, selector), namespaceNamed(OPERATOR_NAMESPACE), provider()],
    ...names.flatMap((name) => [namespaceNamed(name), priceBook(name), plan(name), tenant(name)]),
  );
  await operator.start();
  const port = await eventually('the operator takes webhooks', async () =>
    portOf('serving campaign runs and webhooks'),
  );
  const secret = await account.sendInvoiceEventsTo(`http://127.0.0.1:${port}/webhooks/${SCENARIO}`);
  await world.send(['apply', '--server-side'], keys(secret));
  base = `http://127.0.0.1:${await eventually('the portal serves', async () => portOf('serving tenants'))}`;
  for (const name of names) {
    await world.belongs(name, name);
    await allow(name);
  }
});

afterAll(async () => {
  const { tryKubectl } = world.cluster;
  for (const name of names) await tryKubectl(['delete', 'clusterrole,clusterrolebinding', name]);
  await operator?.stop();
  await peer?.stop();
  await world.end({
    namespaces: names,
    objects: [
      ...[`gpupool/${SCENARIO}`, `node/${node.metadata.name}`],
      ...names.flatMap((name) => [`tenant/${name}`, `billingplan/${name}`, `pricebook/${name}`]),
      `billingprovider/${SCENARIO}`,
    ],
  });
});

function priceBook(name: Name): PriceBook {
  const match = { model: 'NVIDIA-H100-80GB-HBM3', profile: 'full' };
  const sku: SKU = { name: skuOf(name), match, ...structuredClone(tenants[name].price) };
  const spec = { book: name, version: 1, currency: 'usd', effectiveFromTime: '2020-01-01T00:00:00Z', skus: [sku] };
  return { apiVersion, kind: 'PriceBook', metadata: { name }, spec };
}

function plan(name: Name): BillingPlan {
  const { included: quantitySeconds } = tenants[name];
  const included = quantitySeconds === undefined ? undefined : [{ sku: skuOf(name), quantitySeconds }];
  return { apiVersion, kind: 'BillingPlan', metadata: { name }, spec: { book: name, included } };
}

function tenant(name: Name): object {
  const made = gpuTenant(name, [name]);
  const billing = { providerRef: { name: SCENARIO }, customerId: customerOf(name) };
  return { ...made, spec: { ...made.spec, planRef: { name }, billing } };
}

function provider(): object {
  const secretRef = { name: SCENARIO, key: 'api-key' };
  const webhookSecretRef = { name: SCENARIO, key: 'webhooks' };
  const spec = { type: 'Stripe', mode: 'Test', secretRef, webhookSecretRef, endpoint: peer.url };
  return { apiVersion, kind: 'BillingProvider', metadata: { name: SCENARIO }, spec };
}

function keys(webhooks: string): object {
  const stringData = { 'api-key': 'sk_test_peer', webhooks };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: SCENARIO, namespace: OPERATOR_NAMESPACE }, stringData };
}

function skuOf(name: Name): string {
  return `${name.replace('-', '_')}_h100`;
}

function portOf(words: string): string | undefined {
  const line = operator
    .log()
    .split('\n')
    .find((one) => one.includes(words));
  return /"port":(\d+)/.exec(line ?? '')?.[1];
}

/** As docs/operations.md says: a ServiceAccount of the tenant's may read its usage. */
async function allow(name: Name): Promise<void> {
  const { kubectl } = world.cluster;
  await kubectl(['create', 'serviceaccount', 'reader', '-n', name]);
  const right = ['--verb=get', '--resource=tenants.gpuoptimizer.io/usage', `--resource-name=${name}`];
  await kubectl(['create', 'clusterrole', name, ...right]);
  await kubectl(['create', 'clusterrolebinding', name, `--clusterrole=${name}`, `--serviceaccount=${name}:reader`]);
}

async function tokenOf(name: Name, ...more: readonly string[]): Promise<string> {
  return (await world.cluster.kubectl(['create', 'token', 'reader', '-n', name, ...more])).trim();
}

const audience = ['--audience', 'gpuoptimizer.io/portal'] as const;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks, and holds a good answer against its schema in the portal's own document. */
async function ask(name: Name, what: string, schema: string, token: string): Promise<Answer> {
  const response = await fetch(`${base}/v1/tenants/${name}/${what}`, { headers: { authorization: `Bearer ${token}` } });
  const body: Readonly<Record<string, unknown>> = JSON.parse(await response.text());
  const stated = response.status === 200 ? schema : 'Problem';
  const check = ajv.getSchema(`portal#/components/schemas/${stated}`);
  expect({ what, stated, is: check?.(body), errors: check?.errors }).toMatchObject({ is: true });
  return { status: response.status, body };
}

it('states what it serves, to anybody', async () => {
  const response = await fetch(`${base}/openapi.json`);
  const document: object = JSON.parse(await response.text());
  ajv.addSchema(document, 'portal');
  expect(Object.keys(Reflect.get(document, 'paths'))).toContain('/v1/tenants/{tenant}/usage');
});

it('shows each tenant what his pods held, what it costs, his plan and his invoices, and nothing of the other', async () => {
  for (const name of names) {
    const spec = gpuSpec(tenants[name].gpus, { restartPolicy: 'Never', nodeSelector: selector });
    const annotations = { 'gpuoptimizer.io/run-seconds': '6' };
    await world.send(['create'], gpuPod(name, 'work', spec, { annotations }));
    await account.bill(customerOf(name), tenants[name].amount);
  }
  for (const name of names) {
    const pods = await eventually(
      `the pod of ${name} is done`,
      async () => {
        const found = await world.pods(name);
        return found.length === 1 && found.every(isDone) ? found : undefined;
      },
      patience,
    );
    const held = trueSeconds(pods);
    const token = await tokenOf(name, ...audience);
    const charges = await eventually(
      `all of ${name} is charged`,
      async () => {
        const { body } = await ask(name, 'charges', 'Charges', token);
        return JSON.stringify(body).includes(`"quantity":"${held}"`) ? body : undefined;
      },
      patience,
    );
    expect(charges).toMatchObject({ unpricedQuantity: '0', lines: [{ sku: skuOf(name), quantity: `${held}` }] });
    // A tenth of a cent a second, or 3 s for nothing, 4 s at two tenths and the rest at one.
    const tenths = name === 'portal-acme' ? held : 4n * 2n + (held - 7n);
    expect(charges).toMatchObject({ totals: [{ currency: 'usd', amountMinor: tenthsOf(tenths) }] });

    const { body: usage } = await ask(name, 'usage?by=day', 'Usage', token);
    expect(usage).toMatchObject({ tenant: name, items: [{ quantity: `${held}` }] });

    const { body: agreed } = await ask(name, 'plan', 'Plan', token);
    const includedSeconds = tenants[name].included ?? '0';
    const tiers = name === 'portal-acme' ? [{ upToSeconds: null }] : [{ upToSeconds: '4' }, { upToSeconds: null }];
    expect(agreed).toMatchObject({
      book: name,
      provider: SCENARIO,
      prices: [{ sku: skuOf(name), includedSeconds, tiers }],
    });

    const { body: invoices } = await eventually(
      `the invoice of ${name} is known`,
      async () => {
        const found = await ask(name, 'invoices', 'Invoices', token);
        return JSON.stringify(found.body).includes('totalMinor') ? found : undefined;
      },
      patience,
    );
    expect(invoices).toMatchObject({ items: [{ totalMinor: String(tenants[name].amount) }] });
  }
});

it("refuses another tenant's reader, a token of the cluster that is not for the portal, and what is no token", async () => {
  const [acme, globex] = names;
  const token = await tokenOf(acme, ...audience);
  for (const [what, schema] of [
    ['usage', 'Usage'],
    ['charges', 'Charges'],
    ['plan', 'Plan'],
    ['invoices', 'Invoices'],
  ] as const) {
    expect(await ask(globex, what, schema, token)).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
  }
  for (const wrong of [await tokenOf(acme), 'no-token-at-all']) {
    const answer = await ask(acme, 'usage', 'Usage', wrong);
    expect(answer).toMatchObject({ status: 401, body: { code: 'Unauthenticated' } });
  }
});

/** Tenths of a cent as the portal writes minor units. */
function tenthsOf(tenths: bigint): string {
  return `${tenths / 10n}.${tenths % 10n}00000000000`;
}
