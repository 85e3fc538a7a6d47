import { kinds, type Tenant } from '../../../api/index.ts';
import { Node } from '../../../kube/index.ts';
import type { Kind, KubeObject } from '../../../runtime/index.ts';
import type { Lists } from '../../live/list-reader.ts';
import { UsageError } from '../errors.ts';

/** Something that could be different about the cluster. */
export type Change =
  | { readonly kind: 'add'; readonly count: number; readonly like: string }
  | { readonly kind: 'close'; readonly node: string }
  | { readonly kind: 'layout'; readonly node: string; readonly devices: Readonly<Record<string, number>> }
  | { readonly kind: 'quota'; readonly tenant: string; readonly pool: string; readonly gpus: number };

/** The options of the command line that hold changes; each may be given more than once. */
export interface ChangeOptions {
  readonly add?: readonly string[];
  readonly close?: readonly string[];
  readonly layout?: readonly string[];
  readonly quota?: readonly string[];
}

const MAX_NODES = 1000;

/** Reads the changes of a command line. Throws UsageError that names option, value and form. */
export function parseChanges({ add = [], close = [], layout = [], quota = [] }: ChangeOptions): readonly Change[] {
  return [
    ...close.map((node): Change => ({ kind: 'close', node })),
    ...layout.map(parseLayout),
    ...add.map(parseAdd),
    ...quota.map(parseQuota),
  ];
}

function parseAdd(text: string): Change {
  const match = /^(\d+)=(.+)$/.exec(text);
  const count = Number(match?.[1]);
  if (match?.[2] !== undefined && count >= 1 && count <= MAX_NODES) return { kind: 'add', count, like: match[2] };
  throw new UsageError(`--add: "${text}" is not valid; write COUNT=NODE with a node to copy, for example 2=gpu-node-1`);
}

function parseLayout(text: string): Change {
  const match = /^([^=]+)=(.+)$/.exec(text);
  const devices = (match?.[2] ?? '').split(',').map((part) => /^([0-9a-z.+-]+):(\d+)$/.exec(part));
  if (match?.[1] === undefined || devices.some((device) => device === null)) {
    throw new UsageError(
      `--layout: "${text}" is not valid; write NODE=PROFILE:COUNT,…, for example gpu-node-1=1g.10gb:4,3g.40gb:1`,
    );
  }
  const counts = devices.map((device): [string, number] => [device?.[1] ?? '', Number(device?.[2])]);
  return { kind: 'layout', node: match[1], devices: Object.fromEntries(counts) };
}

function parseQuota(text: string): Change {
  const match = /^([^/=]+)\/([^/=]+)=(\d+)$/.exec(text);
  if (match?.[1] !== undefined && match[2] !== undefined) {
    return { kind: 'quota', tenant: match[1], pool: match[2], gpus: Number(match[3]) };
  }
  throw new UsageError(`--quota: "${text}" is not valid; write TENANT/POOL=GPUS, for example acme/h100=16`);
}

/** The change in words. */
export function changeText(change: Change): string {
  if (change.kind === 'add') return `${change.count} more like ${change.like}`;
  if (change.kind === 'close') return `${change.node} takes no more pods`;
  if (change.kind === 'quota') return `limit of ${change.tenant} in ${change.pool} is ${change.gpus} GPUs`;
  const devices = Object.entries(change.devices).map(([profile, count]) => `${count} × ${profile}`);
  return `${change.node} is cut into ${devices.join(', ')}`;
}

/** The lists with the changes made. Throws UsageError for a node or tenant that there is not. */
export function applyChanges(lists: readonly Lists[], changes: readonly Change[]): readonly Lists[] {
  return changes.reduce(applyChange, lists);
}

function applyChange(lists: readonly Lists[], change: Change): readonly Lists[] {
  if (change.kind === 'quota') return withQuota(lists, change);
  return edited(lists, Node, (nodes) => {
    if (change.kind === 'add') return [...nodes, ...copies(found(nodes, '--add', change.like), change.count)];
    const node = found(nodes, `--${change.kind}`, change.node);
    const after = change.kind === 'close' ? closed(node) : recut(node, change.devices);
    return nodes.map((one) => (one === node ? after : one));
  });
}

function edited<T extends KubeObject>(
  lists: readonly Lists[],
  kind: Kind<T>,
  edit: (objects: readonly T[]) => readonly T[],
): readonly Lists[] {
  return lists.map((list) =>
    list.kind.plural === kind.plural && list.kind.group === kind.group
      ? { kind: list.kind, objects: edit(list.objects as readonly T[]) }
      : list,
  );
}

function found(nodes: readonly Node[], option: string, name: string): Node {
  const node = nodes.find(({ metadata }) => metadata.name === name);
  if (node !== undefined) return node;
  const some = nodes.slice(0, 3).map(({ metadata }) => metadata.name);
  throw new UsageError(`${option}: there is no node "${name}"; nodes are ${some.join(', ')}, …`);
}

/** New nodes like one: empty, ready, without what is wrong with the original. */
function copies(node: Node, count: number): readonly Node[] {
  const ready = { type: 'Ready', status: 'True' } as const;
  return Array.from({ length: count }, (_, at): Node => {
    const name = `${node.metadata.name}+${at + 1}`;
    return {
      ...node,
      metadata: {
        ...node.metadata,
        name,
        uid: name,
        labels: { ...node.metadata.labels, 'kubernetes.io/hostname': name },
      },
      spec: { ...node.spec, unschedulable: undefined, taints: ownTaints(node) },
      status: { ...node.status, allocatable: node.status?.capacity ?? node.status?.allocatable, conditions: [ready] },
    };
  });
}

/** Taints of the admin; those by which Kubernetes says that this one node ails stay behind. */
function ownTaints(node: Node): NonNullable<NonNullable<Node['spec']>['taints']> {
  return (node.spec?.taints ?? []).filter(({ key }) => !key.startsWith('node.kubernetes.io/'));
}

function closed(node: Node): Node {
  return { ...node, spec: { ...node.spec, unschedulable: true } };
}

/** The node with other MIG devices: those of before are gone, what else it offers stays. */
function recut(node: Node, devices: Readonly<Record<string, number>>): Node {
  const wanted = Object.fromEntries(
    Object.entries(devices).map(([profile, count]) => [
      `nvidia.com/mig-${profile.replaceAll('+', '.')}`,
      String(count),
    ]),
  );
  const without = (amounts: Readonly<Record<string, string>> | undefined): Record<string, string> => ({
    ...Object.fromEntries(Object.entries(amounts ?? {}).filter(([name]) => !name.startsWith('nvidia.com/mig-'))),
    ...wanted,
  });
  const { status } = node;
  return {
    ...node,
    status: { ...status, allocatable: without(status?.allocatable), capacity: without(status?.capacity) },
  };
}

function withQuota(lists: readonly Lists[], change: Extract<Change, { kind: 'quota' }>): readonly Lists[] {
  return edited(lists, kinds.Tenant, (tenants: readonly Tenant[]) => {
    if (!tenants.some(({ metadata }) => metadata.name === change.tenant)) {
      throw new UsageError(`--quota: there is no tenant "${change.tenant}"; see kubectl get tenants`);
    }
    return tenants.map((tenant) => (tenant.metadata.name === change.tenant ? limited(tenant, change) : tenant));
  });
}

function limited(tenant: Tenant, { pool, gpus }: Extract<Change, { kind: 'quota' }>): Tenant {
  const quotas = tenant.spec.quotas ?? [];
  const known = quotas.find((quota) => quota.pool === pool);
  const rest = quotas.filter((quota) => quota !== known);
  return { ...tenant, spec: { ...tenant.spec, quotas: [...rest, { ...known, pool, limit: gpus }] } };
}
