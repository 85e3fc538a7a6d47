import { describe, expect, it } from 'vitest';

import { type BillingPlan, type Budget, kinds, type Tenant } from '../../api/index.ts';
import { Namespace, Pod, PodDisruptionBudget } from '../../kube/index.ts';
import { runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { seedPayer } from '../testing/ledger.ts';
import { standingController } from './controller.ts';

const store = storeForFile();

const apiVersion = 'gpuoptimizer.io/v1alpha1';
const NOW = new Date('2027-01-10T12:00:00Z');
const day = 86_400_000;

const tenant = (status?: Tenant['status']): Thing =>
  thing(kinds.Tenant, {
    apiVersion,
    kind: 'Tenant',
    metadata: { name: 'acme', uid: 'acme', generation: 1 },
    spec: { selector: { namespaces: ['a'] }, planRef: { name: 'plan' } },
    status,
  });

function budget(action: 'Warn' | 'Freeze' | 'Evict', observedTime = '2027-01-10T11:59:00Z'): Thing {
  const spec: Budget['spec'] = {
    ...{ tenantRef: { name: 'acme' }, amount: '10.00', currency: 'usd', period: 'Day' },
    steps: [{ action, percent: 100 }],
  };
  const step = { action, sinceTime: '2027-01-10T11:00:00Z' };
  const status = { observedTime, periodEndTime: '2027-01-11T00:00:00Z', step };
  return thing(kinds.Budget, { apiVersion, kind: 'Budget', metadata: { name: 'b', uid: 'b' }, spec, status });
}

function plan(spec: Partial<BillingPlan['spec']> = {}): Thing {
  const metadata = { name: 'plan', uid: 'plan' };
  return thing(kinds.BillingPlan, { apiVersion, kind: 'BillingPlan', metadata, spec: { book: 'standard', ...spec } });
}

function namespace(name: string, labels: Readonly<Record<string, string>>): Thing {
  const own = Object.fromEntries(Object.entries(labels).map(([key, value]) => [`gpuoptimizer.io/${key}`, value]));
  return thing(Namespace, { metadata: { name, uid: name, labels: own } });
}

function pod(name: string, limits: Readonly<Record<string, string>> = { 'nvidia.com/gpu': '1' }, app?: string): Thing {
  const spec = { nodeName: 'n', containers: [{ name: 'main', resources: { limits } }] };
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: app ?? '', uid: app ?? '', controller: true };
  const set = app === undefined ? {} : { labels: { app }, ownerReferences: [owner] };
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  return thing(Pod, { metadata: { name, namespace: 'a', uid: name, ...set }, spec, status });
}

function keepsAll(app: string): Thing {
  const spec = { selector: { matchLabels: { app } }, maxUnavailable: 0 };
  const status = { disruptionsAllowed: 0, currentHealthy: 60, desiredHealthy: 60, expectedPods: 60 };
  return thing(PodDisruptionBudget, { metadata: { name: app, namespace: 'a', uid: app }, spec, status });
}

const pass = (...world: readonly Thing[]) => runPass(standingController(store()), { world, now: NOW });

function conditionOf(output: Awaited<ReturnType<typeof pass>>) {
  const { status } = output.get(kinds.Tenant, { name: 'acme' }) ?? {};
  const found = status?.conditions?.find(({ type }) => type === 'GoodStanding');
  return { ...found, standing: status?.standing, freezes: status?.freezes };
}

describe('a tenant', () => {
  it('whom nothing limits is left alone', async () => {
    const output = await pass(tenant(), namespace('a', { tenant: 'acme' }), budget('Freeze', '2027-01-10T11:00:00Z'));
    expect([output.acts, output.events]).toEqual([[], []]);
  });

  it('who has spent a budget is frozen: label, freeze of the planner, condition, event', async () => {
    const output = await pass(tenant(), namespace('a', { tenant: 'acme' }), namespace('other', {}), budget('Freeze'));
    expect(conditionOf(output)).toMatchObject({
      ...{ status: 'False', reason: 'StandingFrozen', standing: { step: 'Frozen', cause: 'Budget' } },
      freezes: [{ reason: 'Budget', observedTime: '2027-01-10T11:59:00Z', endTime: '2027-01-11T00:00:00Z' }],
    });
    expect(output.get(Namespace, { name: 'a' })?.metadata.labels?.['gpuoptimizer.io/frozen']).toBe('true');
    expect(output.get(Namespace, { name: 'other' })?.metadata.labels ?? {}).toEqual({});
    expect(output.events.map(({ reason }) => reason)).toEqual(['TenantFrozen']);
    const again = await output.again();
    expect([again.acts, again.events]).toEqual([[], []]);
  });

  it('whose budget is free again is free, and so is a namespace that is no longer his', async () => {
    const stood: Tenant['status'] = {
      standing: { step: 'Frozen', cause: 'Budget', sinceTime: '2027-01-10T11:00:00Z' },
      conditions: [
        {
          type: 'GoodStanding',
          status: 'False',
          reason: 'StandingFrozen',
          message: '',
          lastTransitionTime: '2027-01-10T11:00:00Z',
        },
      ],
    };
    const left = namespace('left', { frozen: 'true' });
    const output = await pass(tenant(stood), namespace('a', { tenant: 'acme', frozen: 'true' }), left);
    expect(conditionOf(output)).toMatchObject({ status: 'True', reason: 'StandingActive', freezes: [] });
    for (const name of ['a', 'left']) {
      expect(output.get(Namespace, { name })?.metadata.labels?.['gpuoptimizer.io/frozen']).toBeUndefined();
    }
    expect(output.events.map(({ reason }) => reason)).toEqual(['TenantRestored']);
  });

  it('who was frozen for long enough loses his GPU pods and no others', async () => {
    const output = await pass(
      ...[tenant(), namespace('a', { tenant: 'acme' }), budget('Evict'), plan({ evictAfterSeconds: 3600 })],
      ...[pod('gpu'), pod('plain', { cpu: '1' })],
    );
    expect(conditionOf(output)).toMatchObject({ reason: 'StandingEvicting' });
    expect(output.acts.filter(({ act }) => act === 'evict')).toHaveLength(1);
    expect(output.events.map(({ reason }) => reason).toSorted()).toEqual(['TenantFrozen', 'TenantPodEvicted']);
  });

  it('loses the rest though a PodDisruptionBudget keeps more pods than one pass tries', async () => {
    const kept = Array.from({ length: 60 }, (_, at) => pod(`a-${at}`, undefined, 'kept'));
    const output = await pass(
      ...[tenant(), namespace('a', { tenant: 'acme' }), budget('Evict'), plan({ evictAfterSeconds: 3600 })],
      ...[...kept, pod('other', undefined, 'other'), keepsAll('kept')],
    );
    const goes = (name: string) => output.get(Pod, { namespace: 'a', name })?.metadata.deletionTimestamp !== undefined;
    expect([goes('other'), goes('a-0'), goes('a-59')]).toEqual([true, false, false]);
    expect(conditionOf(output).message).toContain('a/a-0');
  });

  it('is not evicted a second before', async () => {
    const output = await pass(
      ...[tenant(), namespace('a', { tenant: 'acme' }), budget('Evict'), plan({ evictAfterSeconds: 3601 }), pod('gpu')],
    );
    expect(conditionOf(output)).toMatchObject({
      reason: 'StandingFrozen',
      standing: { evictTime: '2027-01-10T12:00:01Z' },
    });
    expect(output.acts.some(({ act }) => act === 'evict')).toBe(false);
  });
});

describe('an invoice', () => {
  const ladder = plan({
    dunning: [
      { step: 'Warning', afterSeconds: 0 },
      { step: 'Frozen', afterSeconds: 86_400 },
    ],
  });

  async function owes(status: string, age: number, readAgo = 0, type = 'invoice.payment_failed'): Promise<void> {
    await seedPayer(store());
    const ids = { provider: 'stripe', object_type: 'invoice', object_id: 'in_1', state: 'DONE' } as const;
    const at = new Date(NOW.getTime() - age);
    await store()
      .db.insertInto('webhook_inbox')
      .values({ ...ids, event: 'evt_1', type, created_at: at, received_at: at })
      .execute();
    const amounts = { total: 500n, amount_due: 500n, amount_paid: 0n, amount_remaining: status === 'paid' ? 0n : 500n };
    const read_at = new Date(NOW.getTime() - readAgo);
    await store()
      .db.insertInto('invoice_mirror')
      .values({
        ...{ provider: 'stripe', invoice: 'in_1', customer: 'cus_acme', subscription: null, number: null },
        ...{ status, currency: 'usd', ...amounts, period_start: at, period_end: at, read_at },
      })
      .execute();
  }

  it.each([
    ['whose payment failed warns', 'open', 0, 0, 'invoice.payment_failed', 'StandingWarning'],
    ['that is overdue freezes by the ladder', 'open', day, 0, 'invoice.overdue', 'StandingFrozen'],
    ['that is written off is unpaid all the same', 'uncollectible', day, 0, 'invoice.overdue', 'StandingFrozen'],
    ['that is paid changes nothing', 'paid', day, 0, 'invoice.payment_failed', undefined],
    ['that only is not paid yet changes nothing', 'open', day, 0, 'invoice.finalized', undefined],
    ['that nobody confirms any more freezes nobody', 'open', day, 900_001, 'invoice.overdue', undefined],
  ])('%s', async (_, status, age, readAgo, type, reason) => {
    await owes(status, age, readAgo, type);
    const output = await pass(tenant(), namespace('a', { tenant: 'acme' }), ladder);
    expect(conditionOf(output).reason).toBe(reason);
  });

  it('that was not looked at for five minutes is asked about again, once', async () => {
    await owes('open', day, 300_000);
    const output = await pass(tenant(), namespace('a', { tenant: 'acme' }), ladder);
    await output.again();
    const asked = await store()
      .db.selectFrom('webhook_inbox')
      .select(['event', 'object_id', 'state'])
      .where('type', '=', 'gpuopt.recheck')
      .execute();
    expect(asked).toEqual([{ event: 'gpuopt-recheck/in_1', object_id: 'in_1', state: 'RECEIVED' }]);
  });
});
