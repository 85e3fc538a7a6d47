import { kinds } from '../api/index.ts';
import { Lease, Node, Pod } from '../kube/index.ts';
import { Forbidden, type Kind, type KubeObject, NotFound } from '../runtime/index.ts';
import type { CommandConnection } from './connection.ts';

/** One line of the doctor. */
export interface Diagnosis {
  readonly check: string;
  readonly verdict: 'ok' | 'wrong' | 'unknown';
  /** What was seen, with numbers. */
  readonly seen: string;
  /** The next command, where something is wrong. */
  readonly remedy?: string;
}

/** What the doctor is told. */
export interface DoctorOptions {
  readonly namespace: string;
  readonly now: Date;
}

type Lister = Pick<CommandConnection, 'list' | 'get'>;
type Check = (connection: Lister, options: DoctorOptions) => Promise<Diagnosis>;

interface Conditioned extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
  };
}

const policy = (kind: string, plural: string): Kind<KubeObject> => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind,
  plural,
  scope: 'Cluster',
});

/** Asks each question in order; one that may not be asked is answered `unknown`, and the others go on. */
export async function diagnose(connection: Lister, options: DoctorOptions): Promise<readonly Diagnosis[]> {
  const answers: Diagnosis[] = [];
  for (const [name, check] of checks) answers.push(await asked(name, check, connection, options));
  return answers;
}

async function asked(name: string, check: Check, connection: Lister, options: DoctorOptions): Promise<Diagnosis> {
  try {
    return await check(connection, options);
  } catch (error) {
    if (error instanceof Forbidden)
      return { check: name, verdict: 'unknown', seen: `not allowed to look: ${error.message}` };
    if (error instanceof NotFound) {
      return {
        check: name,
        verdict: 'wrong',
        seen: 'the API server does not serve this kind',
        remedy: 'kubectl apply --server-side -k config/default',
      };
    }
    throw error;
  }
}

const checks: readonly (readonly [string, Check])[] = [
  ['custom resources', customResources],
  ['pod gate', podGate],
  ['leader', leader],
  ['nodes', nodes],
  ['pools', resourcesReady('pools', kinds.GPUPool, 'apply a GPUPool, for example config/samples/gpu-pools.yaml')],
  ['tenants', resourcesReady('tenants', kinds.Tenant, 'apply a Tenant, for example config/samples/tenants.yaml')],
  ['billing', resourcesReady('billing', kinds.BillingProvider, 'apply a BillingProvider, or bill nobody')],
  ['campaigns', resourcesReady('campaigns', kinds.GrowthCampaign, undefined)],
  ['waiting pods', waitingPods],
];

async function customResources({ list }: Lister): Promise<Diagnosis> {
  const found = await Promise.all(Object.values(kinds).map((kind: Kind<KubeObject>) => list(kind)));
  const objects = found.reduce((sum, items) => sum + items.length, 0);
  return { check: 'custom resources', verdict: 'ok', seen: `${found.length} kinds served, ${objects} objects` };
}

/** The policy, or the webhook of clusters without policies, does the same; what this API server does not know is not there. */
async function podGate({ list }: Lister): Promise<Diagnosis> {
  const check = 'pod gate';
  const named = async (kind: Kind<KubeObject>, wanted: string): Promise<boolean> => {
    const found = await list(kind).catch((error: unknown) => {
      if (error instanceof NotFound) return [];
      throw error;
    });
    return found.some(({ metadata }) => metadata.name === wanted);
  };
  const gated = (means: string): Diagnosis => ({
    check,
    verdict: 'ok',
    seen: `GPU pods of tenants are gated at creation by a ${means}`,
  });
  const bindings = policy('MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings');
  if (await named(bindings, 'gpuopt-gate')) return gated('policy');
  const webhooks = policy('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations');
  if (await named(webhooks, 'gpuopt')) return gated('webhook');
  const remedy = 'kubectl apply --server-side -k config/default';
  return { check, verdict: 'wrong', seen: 'nothing gates GPU pods: tenants bypass limits and planning', remedy };
}

async function leader({ get }: Lister, { namespace, now }: DoctorOptions): Promise<Diagnosis> {
  const check = 'leader';
  const lease = await get(Lease, { namespace, name: 'gpuopt' });
  const remedy = `kubectl get pods -n ${namespace}; kubectl logs -n ${namespace} deploy/gpuopt`;
  const holder = lease?.spec?.holderIdentity;
  if (lease?.spec === undefined || !holder) return { check, verdict: 'wrong', seen: 'no operator leads', remedy };
  const age = (now.getTime() - Date.parse(lease.spec.renewTime ?? '')) / 1000;
  const seconds = Math.round(age);
  if (!(age <= (lease.spec.leaseDurationSeconds ?? 15))) {
    return { check, verdict: 'wrong', seen: `${holder} last renewed its lease ${seconds} s ago`, remedy };
  }
  return { check, verdict: 'ok', seen: `${holder}, lease renewed ${Math.max(0, seconds)} s ago` };
}

async function nodes({ list }: Lister): Promise<Diagnosis> {
  const check = 'nodes';
  const all = await list(Node);
  const gpu = all.filter(({ status }) =>
    Object.keys(status?.allocatable ?? {}).some((name) => name.startsWith('nvidia.com/')),
  );
  if (gpu.length > 0)
    return { check, verdict: 'ok', seen: `${gpu.length} of ${all.length} nodes advertise NVIDIA resources` };
  const remedy = 'install the NVIDIA GPU Operator, or check its device plugin';
  return { check, verdict: 'wrong', seen: `none of ${all.length} nodes advertises NVIDIA resources`, remedy };
}

function resourcesReady(
  check: string,
  kind: Kind<Conditioned & { readonly spec?: unknown }>,
  none: string | undefined,
): Check {
  return async ({ list }) => {
    const all = await list(kind);
    if (all.length === 0)
      return { check, verdict: 'unknown', seen: 'none', ...(none !== undefined && { remedy: none }) };
    const bad = all.filter((each) => readyOf(each)?.status === 'False');
    const first = bad[0];
    if (first === undefined) {
      const ready = all.filter((each) => readyOf(each)?.status === 'True').length;
      return { check, verdict: ready === all.length ? 'ok' : 'unknown', seen: `${ready} of ${all.length} Ready` };
    }
    const where = first.metadata.namespace === undefined ? '' : ` -n ${first.metadata.namespace}`;
    return {
      check,
      verdict: 'wrong',
      seen: `${bad.length} of ${all.length} not Ready; ${first.metadata.name}: ${readyOf(first)?.message ?? ''}`,
      remedy: `kubectl describe ${kind.plural}.${kind.group} ${first.metadata.name}${where}`,
    };
  };
}

function readyOf(object: Conditioned): { readonly status: string; readonly message?: string } | undefined {
  return object.status?.conditions?.find(({ type }) => type === 'Ready');
}

async function waitingPods({ list }: Lister): Promise<Diagnosis> {
  const check = 'waiting pods';
  const pods = await list(Pod);
  const gated = pods.filter(({ spec }) => spec?.schedulingGates?.some(({ name }) => name === 'gpuoptimizer.io/plan'));
  const first = gated[0];
  if (first === undefined) return { check, verdict: 'ok', seen: 'none' };
  const remedy = `gpuopt why pod/${first.metadata.name} -n ${first.metadata.namespace}`;
  return { check, verdict: 'ok', seen: `${gated.length} wait for a GPU`, remedy };
}
