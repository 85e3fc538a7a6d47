import type { GrowthCampaign } from '../../api/index.ts';
import type { CronJob, ServiceAccount } from '../../kube/index.ts';
import type { Intent } from '../../runtime/index.ts';
import { configHash, jobAudience, jobServiceAccount, mounts, type RunConfig } from '../run/config.ts';
import { campaignLabel, cronJobName } from './names.ts';
import type { CampaignFacts } from './observe.ts';

/** How run pods are started; the same for all campaigns. */
export interface JobSettings {
  readonly image: string;
  /** `Never` where no registry is, as on the test node. */
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Where run pods reach the operator, for example `http://gpuopt-jobs.gpuopt-system:8082`. */
  readonly apiUrl: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly value?: string;
    readonly effect?: string;
  }[];
}

type Spec = NonNullable<CronJob['spec']>;
type PodSpec = NonNullable<Spec['jobTemplate']['spec']>['template']['spec'];
type Volume = NonNullable<NonNullable<PodSpec>['volumes']>[number];

const user = 65532;
/** Octal 0440. */
const readable = 288;
const tokenSeconds = 3600;

/** The ServiceAccount of run pods: no rights, and no token but the one for the operator. */
export function runAccount(namespace: string): ServiceAccount {
  return {
    metadata: { name: jobServiceAccount, namespace, labels: { 'app.kubernetes.io/managed-by': 'gpuopt' } },
    automountServiceAccountToken: false,
  };
}

/** The CronJob of a campaign. */
export function cronJob(
  campaign: GrowthCampaign,
  config: RunConfig,
  facts: Pick<CampaignFacts, 'channels'>,
  settings: JobSettings,
): Intent<CronJob> {
  const { schedule, run } = campaign.spec;
  const labels = { 'app.kubernetes.io/managed-by': 'gpuopt', [campaignLabel]: campaign.metadata.name };
  return {
    metadata: { name: cronJobName(campaign.metadata.name), namespace: campaign.metadata.namespace, labels },
    spec: {
      schedule: schedule.cron,
      timeZone: schedule.timeZone,
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: schedule.startingDeadlineSeconds ?? 3600,
      suspend: run?.mode === 'Suspended',
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels },
        spec: {
          backoffLimit: run?.backoffLimit ?? 3,
          activeDeadlineSeconds: run?.activeDeadlineSeconds ?? 1800,
          ttlSecondsAfterFinished: 86_400,
          podFailurePolicy: {
            rules: [
              { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
              { action: 'FailJob', onExitCodes: { containerName: 'job', operator: 'In', values: [20, 30] } },
            ],
          },
          template: { metadata: { labels }, spec: podSpec(campaign, config, facts, settings) },
        },
      },
    },
  };
}

function podSpec(
  campaign: GrowthCampaign,
  config: RunConfig,
  facts: Pick<CampaignFacts, 'channels'>,
  settings: JobSettings,
): PodSpec {
  const inputs = volumesOf(campaign, facts);
  return {
    restartPolicy: 'Never',
    serviceAccountName: jobServiceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    nodeSelector: settings.nodeSelector,
    tolerations: settings.tolerations,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'job',
        image: settings.image,
        imagePullPolicy: settings.imagePullPolicy,
        args: ['job', 'growth', ...jobArguments(config), '--json'],
        env: [
          { name: 'GPUOPT_GROWTH_CONFIG', value: literal(JSON.stringify(config)) },
          { name: 'GPUOPT_JOB_API', value: settings.apiUrl },
          {
            name: 'GPUOPT_JOB_UID',
            valueFrom: {
              fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" },
            },
          },
        ],
        resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: inputs.map(({ volume, path }) => ({
          name: volume.name,
          mountPath: `${mounts.root}/${path}`,
          readOnly: true,
        })),
      },
    ],
    volumes: inputs.map(({ volume }) => volume),
  };
}

/** Kubernetes expands `$(NAME)` in values of environment variables; a doubled dollar stands for one. */
function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function jobArguments(config: RunConfig): readonly string[] {
  return [
    '--campaign',
    `${config.namespace}/${config.campaign}`,
    '--uid',
    config.uid,
    '--config-hash',
    configHash(config),
  ];
}

interface Mounted {
  readonly volume: Volume;
  /** Folder below the mount root. */
  readonly path: string;
}

/** The inputs as read-only files. They are optional, so that a missing one is told by the run and not by a pod that never starts. */
function volumesOf(campaign: GrowthCampaign, facts: Pick<CampaignFacts, 'channels'>): readonly Mounted[] {
  const steps = campaign.spec.steps.map((step, index): Mounted => {
    const name = `step-${index}`;
    const file = step.type === 'LeadImport' ? mounts.csv(step.name) : mounts.template(step.name);
    const [path, leaf] = split(file);
    if (step.type === 'LeadImport') {
      const { name: secretName, key } = step.leadImport.csvSecretRef;
      return {
        path,
        volume: { name, secret: { secretName, items: [{ key, path: leaf }], defaultMode: readable, optional: true } },
      };
    }
    const { name: configMap, key } = step.emailSend.templateRef;
    return {
      path,
      volume: {
        name,
        configMap: { name: configMap, items: [{ key, path: leaf }], defaultMode: readable, optional: true },
      },
    };
  });
  const channels = [...facts.channels.values()].flatMap(({ metadata, spec }, index): readonly Mounted[] => {
    const secretName = spec.smtp.credentialsSecretName;
    if (secretName === undefined) return [];
    const volume = { name: `channel-${index}`, secret: { secretName, defaultMode: readable, optional: true } };
    return [{ path: mounts.credentials(metadata.name), volume }];
  });
  const [path, leaf] = split(mounts.token);
  const token: Volume = {
    name: 'token',
    projected: {
      defaultMode: readable,
      sources: [{ serviceAccountToken: { audience: jobAudience, expirationSeconds: tokenSeconds, path: leaf } }],
    },
  };
  return [...steps, ...channels, { path, volume: token }];
}

function split(file: string): readonly [string, string] {
  const at = file.lastIndexOf('/');
  return [file.slice(0, at), file.slice(at + 1)];
}
