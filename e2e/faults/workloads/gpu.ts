/** The workloads of the thread: whose namespaces are, what pools have, which pod runs where, what it costs, who gets mail. */
import { setTimeout as delay } from 'node:timers/promises';
import { AnswerError } from '../../bench/api.ts';
import type { Api } from '../api.ts';
import { campaign, channel, gpuNode, gpuPod, namespace, pool, priceBook, tenant } from './objects.ts';
import { collections, ours, type Workload } from './workload.ts';

const GATE_TRIES = 600;
const GATE_PAUSE_MILLIS = 100;

const pods = (inside: string): string => `/api/v1/namespaces/${inside}/pods`;

/** A tenant takes a namespace, lets it go for another, and goes: labels that move and a finalizer. */
const tenancy: Workload = {
  name: 'tenant',
  steps: [
    {
      name: 'create',
      act: async (token, api) => {
        await api.apply(collections.namespaces, namespace(`${token}-a`));
        await api.apply(collections.namespaces, namespace(`${token}-b`));
        await api.apply(ours('tenants'), tenant(token, [`${token}-a`]));
      },
    },
    { name: 'move', act: (token, api) => api.apply(ours('tenants'), tenant(token, [`${token}-b`])) },
    { name: 'remove', act: (token, api) => api.remove(`${ours('tenants')}/${token}`) },
  ],
  leavings: (token) => [`/api/v1/namespaces/${token}-a`, `/api/v1/namespaces/${token}-b`],
};

/** A pool of one node gets another node, and goes: status alone. */
const pools: Workload = {
  name: 'pool',
  steps: [
    {
      name: 'create',
      act: async (token, api) => {
        await api.create(collections.nodes, gpuNode(token, `${token}-n1`));
        await api.apply(ours('gpupools'), pool(token, { type: 'Exclusive' }));
      },
    },
    { name: 'grow', act: (token, api) => api.create(collections.nodes, gpuNode(token, `${token}-n2`)) },
    { name: 'remove', act: (token, api) => api.remove(`${ours('gpupools')}/${token}`) },
  ],
  leavings: (token) => [`/api/v1/nodes/${token}-n1`, `/api/v1/nodes/${token}-n2`],
};

/** Use over time, which depends on how long the plan took. */
const USED = /^tenants .*\.status\.shares/;
const PLANNED = /^pods .*conditions\[gpuoptimizer.io\/Planned\]\.(.+)$/;

/**
 * Why a pod waits is said of all nodes there are, and other plans have nodes that it may not use. A pod that is let go
 * says so if it had to wait, for example for news of its node that came late; one that still says False is wrong.
 */
function schedulingVaries(leaf: string, expected: string, actual: string): boolean {
  if (USED.test(leaf)) return true;
  const field = PLANNED.exec(leaf)?.[1];
  if (field === undefined) return false;
  return field === 'reason' || field === 'message' || (expected === 'absent' && actual !== '"False"');
}

/** Two pods fill a node and a third waits; one ends and the third takes its place; all end: planner, metering, pool and tenant. */
const scheduling: Workload = {
  name: 'pods',
  varies: schedulingVaries,
  // The planner reports on pools and tenants every 5 s; nobody waits for that before the next pod.
  awaited: (object) => object.startsWith('pods ') || object.startsWith('namespaces '),
  steps: [
    {
      name: 'prepare',
      act: async (token, api) => {
        await api.create(collections.nodes, gpuNode(token, `${token}-n1`));
        await api.apply(ours('gpupools'), pool(token));
        await api.apply(collections.namespaces, namespace(token));
        await api.apply(ours('tenants'), tenant(token, [token]));
      },
    },
    {
      name: 'fill',
      needsOperator: true,
      act: async (token, api) => {
        await gated(token, api);
        for (const name of ['one', 'two']) await api.create(pods(token), gpuPod(token, token, name, 4));
      },
    },
    { name: 'queue', act: (token, api) => api.create(pods(token), gpuPod(token, token, 'three', 4)) },
    { name: 'free', act: (token, api) => api.remove(`${pods(token)}/one`) },
    {
      name: 'remove',
      act: async (token, api) => {
        for (const name of ['two', 'three']) await api.remove(`${pods(token)}/${name}`);
      },
    },
  ],
  leavings: (token) => [
    `${ours('gpupools')}/${token}`,
    `${ours('tenants')}/${token}`,
    `/api/v1/namespaces/${token}`,
    `/api/v1/nodes/${token}-n1`,
  ],
};

/**
 * The admission policy sees the label of a namespace some time after the namespace has it, and the controller manager makes
 * its service account some time after an API server that went is back.
 */
async function gated(token: string, api: Api): Promise<void> {
  let seen = 'they are taken as they are; are the admission policies installed?';
  for (let tries = 0; tries < GATE_TRIES; tries += 1) {
    try {
      const pod = await api.rehearse(pods(token), gpuPod(token, token, 'probe', 1));
      if (JSON.stringify(pod.spec).includes('schedulingGates')) return;
    } catch (error) {
      if (!(error instanceof AnswerError) || error.status !== 403) throw error;
      seen = error.message;
    }
    await delay(GATE_PAUSE_MILLIS);
  }
  throw new Error(`pods in ${token} are not gated: ${seen}`);
}

/** A price list gets a second version, and both go: a row in the store and status. */
const prices: Workload = {
  name: 'prices',
  steps: [
    { name: 'create', act: (token, api) => api.apply(ours('pricebooks'), priceBook(token, 1)) },
    { name: 'revise', act: (token, api) => api.apply(ours('pricebooks'), priceBook(token, 2)) },
    {
      name: 'remove',
      act: async (token, api) => {
        for (const version of [1, 2]) await api.remove(`${ours('pricebooks')}/${token}-${version}`);
      },
    },
  ],
  leavings: () => [],
};

/** A campaign gets its CronJob, another hour, loses its channel and with it the CronJob, gets it back, and goes. */
const growth: Workload = {
  name: 'campaign',
  steps: [
    {
      name: 'create',
      act: async (token, api) => {
        await api.apply(collections.namespaces, namespace(token, { 'gpuoptimizer.io/growth': 'true' }));
        await api.apply(ours('messagingchannels', token), channel(token));
        await api.apply(ours('growthcampaigns', token), campaign(token, 1));
      },
    },
    {
      name: 'reschedule',
      act: (token, api) => api.apply(ours('growthcampaigns', token), campaign(token, 2)),
    },
    { name: 'stop', act: (token, api) => api.remove(`${ours('messagingchannels', token)}/mail`) },
    { name: 'resume', act: (token, api) => api.apply(ours('messagingchannels', token), channel(token)) },
    { name: 'remove', act: (token, api) => api.remove(`${ours('growthcampaigns', token)}/welcome`) },
  ],
  leavings: (token) => [`/api/v1/namespaces/${token}`],
};

/** All of them, and the collections in which they leave anything. */
export const gpuWorkloads: readonly Workload[] = [tenancy, pools, scheduling, prices, growth];
export const gpuCollections: readonly string[] = [
  ...Object.values(collections),
  ...['gpupools', 'tenants', 'pricebooks', 'growthcampaigns', 'messagingchannels'].map((plural) => ours(plural)),
];
