import { join } from 'node:path';

import type { ClusterNetwork } from './state.ts';

/** The name of the pause image on the node; it is imported, never pulled. */
export const PAUSE_IMAGE = 'gpuoptimizer.io/pause:dev';

/** What the configuration files of the real node depend on. */
export interface NodeLayout {
  /** The cluster's state folder. */
  readonly folder: string;
  readonly id: string;
  readonly nodeName: string;
  readonly network: ClusterNetwork;
  readonly runc: string;
  readonly cniPrograms: string;
  readonly snapshotter: 'overlayfs' | 'native';
}

/** Paths below `node/` in the state folder. */
export function nodePath(folder: string, ...parts: readonly string[]): string {
  return join(folder, 'node', ...parts);
}

/** The socket on which containerd answers. */
export function containerdSocket(folder: string): string {
  return nodePath(folder, 'run', 'containerd.sock');
}

/** The parent cgroup of everything the node runs; clusters side by side do not share one. */
export function cgroupRoot(id: string): string {
  return `/gpuopt-${id}`;
}

/** The name of the pod network, by which the CNI library's own cache files are recognised. */
export function podNetworkName(id: string): string {
  return `gpuopt-${id}`;
}

/** containerd's configuration: all folders ours, nothing of the system's containerd is read or written. */
export function containerdConfig(layout: NodeLayout): string {
  const { folder } = layout;
  const quoted = (value: string): string => JSON.stringify(value);
  return `version = 3
root = ${quoted(nodePath(folder, 'containerd'))}
state = ${quoted(nodePath(folder, 'run'))}
oom_score = 0
disabled_plugins = [
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.erofs",
]

[grpc]
  address = ${quoted(containerdSocket(folder))}

[plugins."io.containerd.internal.v1.opt"]
  path = ${quoted(nodePath(folder, 'opt'))}

[plugins."io.containerd.cri.v1.images"]
  snapshotter = ${quoted(layout.snapshotter)}
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = ${quoted(PAUSE_IMAGE)}

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = [${quoted(layout.cniPrograms)}]
    conf_dir = ${quoted(nodePath(folder, 'cni'))}
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = ${quoted(layout.runc)}
        Root = ${quoted(nodePath(folder, 'run', 'runc'))}
        SystemdCgroup = false
`;
}

/** The pod network: a bridge in the node's namespace; without the default route a Service IP is unreachable. */
export function cniConfig(layout: NodeLayout): object {
  return {
    cniVersion: '1.0.0',
    name: podNetworkName(layout.id),
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        isDefaultGateway: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: nodePath(layout.folder, 'ipam'),
          ranges: [[{ subnet: layout.network.podRange }]],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

/** The kubelet's configuration, for either cgroup version and for a machine that was not made for pods. */
export function kubeletConfig(layout: NodeLayout): object {
  const certs = (name: string): string => join(layout.folder, 'certs', name);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: layout.network.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: certs('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certs('kubelet.crt'),
    tlsPrivateKeyFile: certs('kubelet.key'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroupRoot(layout.id),
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${containerdSocket(layout.folder)}`,
    resolvConf: nodePath(layout.folder, 'resolv.conf'),
    podLogsDir: nodePath(layout.folder, 'pod-logs'),
    volumePluginDir: nodePath(layout.folder, 'volume-plugins'),
    oomScoreAdj: 0,
    maxPods: 110,
    // The only images are those that were imported here; collecting them would leave pods without.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    imageMinimumGCAge: '24h',
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    nodeStatusUpdateFrequency: '10s',
    shutdownGracePeriod: '0s',
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
  };
}

/** kube-proxy in nftables mode, inside the node's namespace; conntrack limits belong to the machine, so untouched. */
export function kubeProxyConfig(layout: NodeLayout): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clientConnection: { kubeconfig: join(layout.folder, 'kubeconfigs', 'kube-proxy.kubeconfig') },
    clusterCIDR: layout.network.podRange,
    hostnameOverride: layout.nodeName,
    bindAddress: layout.network.nodeAddress,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    oomScoreAdj: 0,
  };
}
