import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GrowthCampaign, kinds, type MessagingChannel } from '../../api/index.ts';
import { CronJob, Job, Namespace, ServiceAccount } from '../../kube/index.ts';
import { runPass, runRow, type Thing, thing } from '../../runtime/testing/index.ts';
import type { Store } from '../../store/index.ts';
import { testStores } from '../../store/testing/index.ts';
import { messagingChannel } from '../channel/controller.ts';
import { growthCampaign } from './controller.ts';

const stores = testStores();
let store: Store;
const now = new Date('2026-12-01T06:16:00Z');
const key = { namespace: 'growth', name: 'idle' };

beforeAll(async () => {
  const opened = await stores.open('pglite');
  if ('unavailable' in opened) throw new Error(opened.unavailable);
  store = opened;
});
afterAll(() => stores.close());

const settings = {
  image: 'gpuopt:dev',
  imagePullPolicy: 'Never',
  apiUrl: 'http://gpuopt:8082',
  nodeSelector: { real: 'true' },
} as const;

function campaign(change: Partial<GrowthCampaign['spec']> = {}): GrowthCampaign {
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GrowthCampaign',
    metadata: { ...key, uid: 'campaign-uid', generation: 1 },
    spec: {
      schedule: { cron: '15 6 * * *', timeZone: 'Europe/Berlin', period: 'Day' },
      lawfulBasis: 'Consent',
      topic: 'product-news',
      steps: [
        { name: 'import', type: 'LeadImport', leadImport: { csvSecretRef: { name: 'leads', key: 'contacts.csv' } } },
        {
          name: 'mail',
          type: 'EmailSend',
          emailSend: { channelRef: { name: 'news' }, templateRef: { name: 'mails', key: 'idle' }, subject: 'Hi' },
        },
      ],
      ...change,
    },
  };
}

const channel: MessagingChannel = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'MessagingChannel',
  metadata: { namespace: 'growth', name: 'news', uid: 'channel-uid', generation: 1 },
  spec: {
    type: 'SMTP',
    smtp: { host: 'smtp.example.com', credentialsSecretName: 'smtp' },
    from: 'News <news@example.com>',
    postalAddress: 'Example Ltd, 1 High St',
    unsubscribeBaseURL: 'https://example.com/u',
  },
};

const cronSpec = { schedule: '0 0 * * *', jobTemplate: { spec: { template: { spec: { containers: [] } } } } };
const namespace = (labels: Readonly<Record<string, string>>): Thing =>
  thing(Namespace, { metadata: { name: 'growth', labels } });
const open = namespace({ 'gpuoptimizer.io/growth': 'true' });
const pass = (world: readonly Thing[]) =>
  runRow(() => growthCampaign({ db: store.db, job: settings }), { world, key, now });

const stopped = [
  {
    name: 'a namespace without the label',
    world: [namespace({}), thing(kinds.MessagingChannel, channel)],
    spec: {},
    reason: 'NamespaceNotAllowed',
    says: 'kubectl label namespace growth gpuoptimizer.io/growth=true',
  },
  {
    name: 'a zone that does not exist',
    world: [open, thing(kinds.MessagingChannel, channel)],
    spec: { schedule: { cron: '15 6 * * *', timeZone: 'Europe/Nowhere' } },
    reason: 'UnknownTimeZone',
    says: 'Europe/Nowhere',
  },
  { name: 'no channel', world: [open], spec: {}, reason: 'ChannelMissing', says: 'no MessagingChannel news' },
  {
    name: 'a channel without an address',
    world: [
      open,
      thing(kinds.MessagingChannel, { ...channel, spec: { ...channel.spec, postalAddress: '          ' } }),
    ],
    spec: {},
    reason: 'NotCompliant',
    says: 'postalAddress',
  },
];

describe('a campaign', () => {
  test.for(stopped)('with $name is Stalled and has no CronJob', async ({ world, spec, reason, says }) => {
    const mine = thing(CronJob, {
      metadata: { namespace: 'growth', name: 'growth-idle', uid: 'old', resourceVersion: '1' },
      spec: cronSpec,
    });
    const output = await pass([...world, mine, thing(kinds.GrowthCampaign, campaign(spec))]);
    expect(output.get(CronJob, { namespace: 'growth', name: 'growth-idle' })).toBeUndefined();
    expect(output.status).toMatchObject({
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Ready', status: 'False', reason, message: expect.stringContaining(says) }),
      ]),
    });
  });

  test('gets a CronJob that is safe by construction, and a second pass changes nothing', async () => {
    const output = await pass([open, thing(kinds.MessagingChannel, channel), thing(kinds.GrowthCampaign, campaign())]);
    const made = output.get(CronJob, { namespace: 'growth', name: 'growth-idle' });
    expect(made?.spec).toMatchSnapshot();
    expect(output.get(ServiceAccount, { namespace: 'growth', name: 'gpuopt-growth-job' })).toMatchObject({
      automountServiceAccountToken: false,
    });
    expect(output.status).toMatchObject({
      cronJobName: 'growth-idle',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Ready', status: 'True', reason: 'Scheduled' }),
      ]),
    });
    const dollars = await pass([
      open,
      thing(kinds.MessagingChannel, { ...channel, spec: { ...channel.spec, postalAddress: 'Box $(HOME) $$' } }),
      thing(kinds.GrowthCampaign, campaign()),
    ]);
    expect(JSON.stringify(dollars.get(CronJob, { namespace: 'growth', name: 'growth-idle' }))).toContain(
      'Box $$(HOME) $$$$',
    );
  });

  test('in mode Suspended suspends its CronJob', async () => {
    const output = await pass([
      open,
      thing(kinds.MessagingChannel, channel),
      thing(kinds.GrowthCampaign, campaign({ run: { mode: 'Suspended' } })),
    ]);
    expect(output.get(CronJob, { namespace: 'growth', name: 'growth-idle' })?.spec?.suspend).toBe(true);
  });

  test('registers the Jobs of its CronJob for their period, and no others', async () => {
    const cron = { metadata: { namespace: 'growth', name: 'growth-idle', uid: 'cron-uid' }, spec: cronSpec };
    const job = (name: string, owner: string): Thing =>
      thing(Job, {
        metadata: {
          namespace: 'growth',
          name,
          uid: `${name}-uid`,
          labels: { 'gpuoptimizer.io/campaign': 'idle' },
          annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-12-01T23:15:00Z' },
          ownerReferences: [
            { apiVersion: 'batch/v1', kind: 'CronJob', name: 'growth-idle', uid: owner, controller: true },
          ],
        },
      });
    await pass([
      open,
      thing(CronJob, cron),
      job('mine', 'cron-uid'),
      job('foreign', 'other'),
      thing(kinds.MessagingChannel, channel),
      thing(kinds.GrowthCampaign, campaign()),
    ]);
    const rows = await store.db.selectFrom('growth_job').select(['job_uid', 'period']).execute();
    expect(rows).toEqual([{ job_uid: 'mine-uid', period: '2026-12-02' }]);
  });
});

test.for([
  { name: 'open', world: open, status: 'True', reason: 'Accepted' },
  { name: 'not open', world: namespace({}), status: 'False', reason: 'NamespaceNotAllowed' },
])('a channel in a namespace that is $name is Ready=$status', async ({ world, status, reason }) => {
  const output = await runPass(messagingChannel(), {
    world: [world, thing(kinds.MessagingChannel, channel)],
    key: { namespace: 'growth', name: 'news' },
    now,
  });
  expect(output.status).toMatchObject({
    conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status, reason })]),
  });
});
