import { join } from 'node:path';

import { FAKE_NODE_ANNOTATION } from './stages.ts';
import type { ClusterNetwork } from './state.ts';

/** Everything the command lines of the control plane depend on. */
export interface ControlPlaneLayout {
  /** The state folder. */
  readonly folder: string;
  readonly network: ClusterNetwork;
  /** The address on which the API server listens: loopback, or the host's end of the real node's link. */
  readonly bindAddress: string;
  readonly ports: Readonly<Record<ControlPlanePort, number>>;
}

/** The ports of a control plane. */
export const controlPlanePorts = [
  'apiserver',
  'etcdClient',
  'etcdPeer',
  'controllerManager',
  'scheduler',
  'kwok',
] as const;
/** The name of one of them. */
export type ControlPlanePort = (typeof controlPlanePorts)[number];

// A lease a node every 30 s keeps 1,213 fake nodes at 40 writes a second; with the usual 40 s it would be 120.
const FAKE_LEASE_SECONDS = 120;
const NODE_GRACE_SECONDS = 150;
// A bench creates 2,000 pods in one go; the usual limits of 20 to 50 requests a second would be what is measured.
const CLIENT_QPS = ['--kube-api-qps=1000', '--kube-api-burst=2000'];

/** The URL at which the API server is reached. */
export function apiServerUrl(layout: ControlPlaneLayout): string {
  return `https://${layout.bindAddress}:${layout.ports.apiserver}`;
}

/** etcd: loopback only, and no fsync, because a stopped cluster's data is deleted anyway. */
export function etcdArguments({ folder, ports }: ControlPlaneLayout): readonly string[] {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--quota-backend-bytes=4294967296',
    '--auto-compaction-mode=periodic',
    '--auto-compaction-retention=5m',
    '--log-level=warn',
  ];
}

/** kube-apiserver: RBAC, node authorisation, real certificates in both directions. */
export function apiServerArguments(layout: ControlPlaneLayout): readonly string[] {
  const { folder, network, bindAddress, ports } = layout;
  const cert = (name: string): string => join(folder, 'certs', name);
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    `--bind-address=${bindAddress}`,
    `--secure-port=${ports.apiserver}`,
    `--advertise-address=${network.hostAddress}`,
    `--cert-dir=${join(folder, 'certs')}`,
    `--client-ca-file=${cert('ca.crt')}`,
    `--tls-cert-file=${cert('apiserver.crt')}`,
    `--tls-private-key-file=${cert('apiserver.key')}`,
    `--kubelet-certificate-authority=${cert('ca.crt')}`,
    `--kubelet-client-certificate=${cert('apiserver-kubelet-client.crt')}`,
    `--kubelet-client-key=${cert('apiserver-kubelet-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${cert('sa.pub')}`,
    `--service-account-signing-key-file=${cert('sa.key')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--service-cluster-ip-range=${network.serviceRange}`,
    '--allow-privileged=true',
    '--max-requests-inflight=2000',
    '--max-mutating-requests-inflight=1000',
    '--shutdown-delay-duration=0s',
  ];
}

/** kube-controller-manager, one instance, each controller with a service account of its own as in production. */
export function controllerManagerArguments({ folder, ports }: ControlPlaneLayout): readonly string[] {
  const kubeconfig = join(folder, 'kubeconfigs', 'controller-manager.kubeconfig');
  const cert = (name: string): string => join(folder, 'certs', name);
  return [
    ...delegated(kubeconfig),
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.controllerManager}`,
    `--cert-dir=${join(folder, 'certs', 'controller-manager')}`,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${cert('sa.key')}`,
    `--root-ca-file=${cert('ca.crt')}`,
    `--cluster-signing-cert-file=${cert('ca.crt')}`,
    `--cluster-signing-key-file=${cert('ca.key')}`,
    `--node-monitor-grace-period=${NODE_GRACE_SECONDS}s`,
    '--concurrent-job-syncs=20',
    ...CLIENT_QPS,
  ];
}

/** kube-scheduler with its default profile. */
export function schedulerArguments({ folder, ports }: ControlPlaneLayout): readonly string[] {
  return [
    ...delegated(join(folder, 'kubeconfigs', 'scheduler.kubeconfig')),
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.scheduler}`,
    `--cert-dir=${join(folder, 'certs', 'scheduler')}`,
    '--leader-elect=false',
    ...CLIENT_QPS,
  ];
}

/** KWOK, which plays only the nodes that carry its annotation, by the stages in `stages.yaml`. */
export function kwokArguments(folder: string, kubeconfig: string, port: number, podRange: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--config=${join(folder, 'stages.yaml')}`,
    '--manage-all-nodes=false',
    `--manage-nodes-with-annotation-selector=${FAKE_NODE_ANNOTATION}=fake`,
    `--node-lease-duration-seconds=${FAKE_LEASE_SECONDS}`,
    `--cidr=${podRange}`,
    `--server-address=127.0.0.1:${port}`,
  ];
}

function delegated(kubeconfig: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
  ];
}
