import { type Kubectl, listAll } from './context.ts';
import { fetchJson } from './fetch-json.ts';

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

interface Pod {
  readonly metadata: Meta;
  readonly spec: {
    readonly nodeName?: string;
    readonly schedulingGates?: readonly { readonly name: string }[];
  };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

/** A custom resource as far as the report reads it. */
export interface Resource<Status> {
  readonly metadata: Meta;
  readonly status?: Status & { readonly conditions?: readonly Condition[] };
}

interface PoolStatus {
  readonly capacity?: { readonly nodes: number; readonly gpus: number };
  readonly allocated?: { readonly gpus: number; readonly milli: number };
  readonly fragmentation?: { readonly strandedMilli: number; readonly percent: number };
  readonly unhealthy?: { readonly gpus: number };
}

interface TenantStatus {
  readonly allocated?: { readonly milli: number };
  readonly waitingPods?: number;
}

/** An OptimizationRecommendation as far as the report reads it. */
export interface Recommendation extends Resource<object> {
  readonly spec: {
    readonly reason: string;
    readonly predicted: {
      readonly gpuSecondsPerMonth: string;
      readonly moneyPerMonth?: string;
      readonly currency?: string;
    };
  };
}

/** The run of a GrowthCampaign. */
export interface CampaignStatus {
  readonly lastRun?: {
    readonly outcome: string;
    readonly sent: number;
    readonly imported: number;
    readonly message?: string;
  };
}

/** What `gpuopt usage show --json` answers, as far as the report reads it. */
export interface Usage {
  readonly tenant: string;
  readonly sealedThrough: string | null;
  readonly meters: readonly {
    readonly meter: string;
    readonly quantity: string;
    readonly accepted: string;
    readonly pending: string;
  }[];
  readonly cost: { readonly currency: string; readonly amount: string } | null;
}

/** One pod of the workload. */
export interface PodFact {
  readonly name: string;
  readonly namespace: string;
  readonly state: 'waiting' | 'scheduling' | 'running' | 'finished';
  readonly reason?: string;
  readonly message?: string;
  /** Seconds from creation to the binding, once bound. */
  readonly waitSeconds?: number;
}

/** The cluster as the table and the report see it. */
export interface ClusterFacts {
  readonly pods: readonly PodFact[];
  readonly pools: readonly Resource<PoolStatus>[];
  readonly tenants: readonly Resource<TenantStatus>[];
  readonly recommendations: readonly Recommendation[];
  readonly campaigns: readonly Resource<CampaignStatus>[];
}

/** The gate that the admission policy sets. */
const GATE = 'gpuoptimizer.io/plan';
const CONDITION = 'gpuoptimizer.io/Planned';

/** Reads the cluster; `namespaces` are those of the workload. */
export async function clusterFacts(kubectl: Kubectl, namespaces: readonly string[]): Promise<ClusterFacts> {
  const [pods, pools, tenants, recommendations, campaigns] = await Promise.all([
    listAll<Pod>(kubectl, 'pods'),
    listAll<Resource<PoolStatus>>(kubectl, 'gpupools.gpuoptimizer.io'),
    listAll<Resource<TenantStatus>>(kubectl, 'tenants.gpuoptimizer.io'),
    listAll<Recommendation>(kubectl, 'optimizationrecommendations.gpuoptimizer.io'),
    listAll<Resource<CampaignStatus>>(kubectl, 'growthcampaigns.gpuoptimizer.io'),
  ]);
  const ours = pods.filter((pod) => namespaces.includes(pod.metadata.namespace ?? ''));
  return { pods: ours.map(podFact), pools, tenants, recommendations, campaigns };
}

/** Reads what the operator says each tenant used in windows before `end`. */
export async function usageFacts(server: string, tenants: readonly string[], end: Date): Promise<readonly Usage[]> {
  const to = encodeURIComponent(end.toISOString());
  return await Promise.all(
    tenants.map((tenant) =>
      fetchJson<Usage>('the operator', `${server}/api/v1/usage?tenant=${encodeURIComponent(tenant)}&to=${to}`),
    ),
  );
}

function podFact(pod: Pod): PodFact {
  const condition = pod.status?.conditions?.find((each) => each.type === CONDITION);
  const bound = pod.status?.conditions?.find((each) => each.type === 'PodScheduled' && each.status === 'True');
  const waitSeconds =
    bound?.lastTransitionTime === undefined || pod.metadata.creationTimestamp === undefined
      ? undefined
      : (Date.parse(bound.lastTransitionTime) - Date.parse(pod.metadata.creationTimestamp)) / 1000;
  return {
    name: pod.metadata.name,
    namespace: pod.metadata.namespace ?? '',
    state: stateOf(pod),
    ...(condition?.status === 'False' && { reason: condition.reason, message: condition.message }),
    ...(waitSeconds !== undefined && { waitSeconds }),
  };
}

function stateOf(pod: Pod): PodFact['state'] {
  if (pod.spec.schedulingGates?.some((gate) => gate.name === GATE)) return 'waiting';
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return 'finished';
  return pod.spec.nodeName === undefined ? 'scheduling' : 'running';
}
