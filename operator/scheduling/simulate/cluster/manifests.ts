import type { Pod } from '../../../kube/index.ts';
import { Pod as PodKind } from '../../../kube/index.ts';
import type { KubeObject } from '../../../runtime/index.ts';
import { ManifestError } from '../../live/source.ts';
import { foreign, GATE } from '../../names.ts';

/** What manifests would bring to the cluster. */
export interface Submission {
  /** Pods as the admission policy would leave them: gated. */
  readonly pods: readonly Pod[];
  /** The objects that own them, for the size of their gangs. */
  readonly owners: readonly KubeObject[];
  /** Objects that bring no pods, as kind/name. */
  readonly passedOver: readonly string[];
}

/** What a manifest lacks. */
export interface SubmissionDefaults {
  readonly namespace: string;
  readonly now: Date;
  /** Value of a priority class; undefined where the cluster has none of this name. */
  readonly priorityOf: (className: string) => number | undefined;
}

type Template = Pick<KubeObject, 'metadata'> & { readonly spec: NonNullable<Pod['spec']> };
type Fields = Readonly<Record<string, unknown>>;

/** Pods of one workload: how many, of which template, and what their controller writes on each. */
interface Group {
  readonly template: Template;
  readonly count: number;
  readonly labels?: (index: number) => Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly suffix?: string;
}

type Expand = (object: KubeObject, where: string) => readonly Group[];

/** How each kind of workload makes pods. A CronJob is taken as one of its Jobs. */
const expansions: Readonly<Record<string, Expand>> = {
  Pod: (object) => [{ template: object as Template, count: 1 }],
  Job: (object, where) => [jobGroup(specOf(object), `${where}.spec`)],
  CronJob: (object, where) => [
    jobGroup(field(field(specOf(object), 'jobTemplate'), 'spec'), `${where}.spec.jobTemplate.spec`),
  ],
  Deployment: replicated,
  ReplicaSet: replicated,
  StatefulSet: replicated,
  JobSet: jobSetGroups,
  LeaderWorkerSet: leaderWorkerGroups,
};

/** Turns manifests into gated pods. Throws ManifestError that names the object, the field and the remedy. */
export function readSubmission(objects: readonly KubeObject[], file: string, defaults: SubmissionDefaults): Submission {
  const pods: Pod[] = [];
  const owners: KubeObject[] = [];
  const passedOver: string[] = [];
  for (const object of objects) {
    const { kind = '', metadata } = object;
    const { name } = metadata;
    const expand = expansions[kind];
    if (expand === undefined) {
      passedOver.push(`${kind}/${name ?? ''}`);
      continue;
    }
    const where = `${file}: ${kind}/${name ?? ''}`;
    if (name === undefined) throw new ManifestError(`${where}: metadata.name is missing; name the ${kind}`);
    const owner = owned({ ...object, metadata: { ...metadata, name } }, defaults);
    const groups = expand(object, where);
    for (const group of groups) pods.push(...podsOf(owner, group, where, defaults));
    if (kind !== 'Pod') owners.push(owner);
  }
  return { pods, owners, passedOver };
}

function owned(object: KubeObject, { namespace, now }: SubmissionDefaults): KubeObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      namespace: metadata.namespace ?? namespace,
      uid: `submitted-${object.kind}-${metadata.name}`,
      creationTimestamp: now.toISOString(),
    },
  };
}

function podsOf(owner: KubeObject, group: Group, where: string, defaults: SubmissionDefaults): readonly Pod[] {
  const { template, count, labels, annotations, suffix = '' } = group;
  if (!Array.isArray(template.spec?.containers)) {
    throw new ManifestError(`${where}: the pod template has no spec.containers; write at least one container`);
  }
  const { metadata } = owner;
  const alone = owner.kind === 'Pod';
  const reference = {
    apiVersion: owner.apiVersion ?? '',
    kind: owner.kind ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    controller: true,
  };
  return Array.from({ length: count }, (_, index): Pod => {
    const pod: Pod = {
      metadata: {
        name: alone ? metadata.name : `${metadata.name}${suffix}-${index}`,
        namespace: metadata.namespace,
        uid: alone ? metadata.uid : `${metadata.uid}${suffix}-${index}`,
        creationTimestamp: metadata.creationTimestamp,
        labels: { ...template.metadata?.labels, ...labels?.(index) },
        annotations: { ...template.metadata?.annotations, ...annotations },
        ...(alone ? {} : { ownerReferences: [reference] }),
      },
      spec: {
        ...template.spec,
        priority: priorityOf(template.spec, where, defaults),
        schedulingGates: [...(template.spec.schedulingGates ?? []), { name: GATE }],
      },
      status: { phase: 'Pending' },
    };
    return PodKind.project?.(pod) ?? pod;
  });
}

function priorityOf(spec: Template['spec'], where: string, { priorityOf: known }: SubmissionDefaults): number {
  const { priority, priorityClassName } = spec;
  if (priorityClassName === undefined || priorityClassName === '') return priority ?? 0;
  const value = known(priorityClassName);
  if (value !== undefined) return value;
  throw new ManifestError(
    `${where}: spec.priorityClassName "${priorityClassName}" is unknown to the cluster; see kubectl get priorityclasses`,
  );
}

function jobGroup(spec: unknown, where: string): Group {
  const parallelism = countOf(spec, 'parallelism', 1, where);
  const completions = countOf(spec, 'completions', parallelism, where);
  const indexed = field(spec, 'completionMode') === 'Indexed';
  return {
    template: templateOf(spec, where),
    count: Math.min(parallelism, Math.max(1, completions)),
    ...(indexed ? { labels: (index) => ({ [foreign.jobIndex]: String(index) }) } : {}),
  };
}

function replicated(object: KubeObject, where: string): readonly Group[] {
  const spec = specOf(object);
  return [{ template: templateOf(spec, `${where}.spec`), count: countOf(spec, 'replicas', 1, `${where}.spec`) }];
}

function jobSetGroups(object: KubeObject, where: string): readonly Group[] {
  const jobs = field(specOf(object), 'replicatedJobs');
  if (!Array.isArray(jobs)) throw new ManifestError(`${where}: spec.replicatedJobs is missing; list its jobs`);
  return jobs.flatMap((job: unknown, at) => {
    const place = `${where}.spec.replicatedJobs[${at}]`;
    const name = String(field(job, 'name'));
    const group = jobGroup(field(field(job, 'template'), 'spec'), `${place}.template.spec`);
    return Array.from({ length: countOf(job, 'replicas', 1, place) }, (_, replica) => ({
      ...group,
      suffix: `-${name}-${replica}`,
      labels: (index: number) => ({
        ...group.labels?.(index),
        [foreign.jobSet]: object.metadata.name ?? '',
        [foreign.jobSetPart]: name,
      }),
    }));
  });
}

function leaderWorkerGroups(object: KubeObject, where: string): readonly Group[] {
  const spec = specOf(object);
  const template = field(spec, 'leaderWorkerTemplate');
  const place = `${where}.spec.leaderWorkerTemplate`;
  const size = countOf(template, 'size', 1, place);
  const worker = templateOf(template, place, 'workerTemplate');
  const leader = hasField(template, 'leaderTemplate') ? templateOf(template, place, 'leaderTemplate') : worker;
  return Array.from({ length: countOf(spec, 'replicas', 1, `${where}.spec`) }, (_, replica) => {
    const of = (memberOf: (index: number) => number): Pick<Group, 'labels' | 'annotations'> => ({
      labels: (index) => ({
        [foreign.lwsName]: object.metadata.name ?? '',
        [foreign.lwsGroup]: `${object.metadata.name}-${replica}`,
        [foreign.lwsIndex]: String(memberOf(index)),
      }),
      annotations: { [foreign.lwsSize]: String(size) },
    });
    return [
      { ...of(() => 0), template: leader, count: 1, suffix: `-${replica}-leader` },
      { ...of((index) => index + 1), template: worker, count: size - 1, suffix: `-${replica}-worker` },
    ];
  }).flat();
}

function specOf(object: KubeObject): unknown {
  return field(object, 'spec') ?? {};
}

function templateOf(spec: unknown, where: string, name = 'template'): Template {
  const template = field(spec, name);
  const inner = field(template, 'spec');
  if (typeof inner !== 'object' || inner === null) {
    throw new ManifestError(`${where}.${name}.spec is missing; write the template of the pods`);
  }
  return template as Template;
}

function countOf(value: unknown, name: string, otherwise: number, where: string): number {
  const found = field(value, name);
  if (found === undefined || found === null) return otherwise;
  if (typeof found === 'number' && Number.isInteger(found) && found >= 0) return found;
  throw new ManifestError(`${where}.${name}: ${JSON.stringify(found)} is no whole number of pods; write 0 or more`);
}

function hasField(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && (value as Fields)[name] !== undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Fields)[name] : undefined;
}
