/** The Kubernetes release that the built cluster runs. */
export const KUBERNETES_VERSION = 'v1.37.2';

/** A program that a Go module yields: the package to build, the file it becomes, and further names for that file. */
interface Target {
  readonly package: string;
  readonly program: string;
  readonly aliases?: readonly string[];
}

/** A folder under `modules/` that pins what is built, with how to build it and how long that takes on two cores. */
export interface GoModule {
  readonly version: string;
  readonly targets: readonly Target[];
  readonly tags?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly usualSeconds: number;
}

const component = 'k8s.io/component-base/version';

/** Every module that the cluster and the scenarios build from source, by the name of its folder. */
export const goModules = {
  kubernetes: {
    version: KUBERNETES_VERSION,
    targets: [
      {
        package: '.',
        program: 'hyperkube',
        aliases: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet', 'kubectl'],
      },
    ],
    variables: {
      [`${component}.gitVersion`]: KUBERNETES_VERSION,
      [`${component}.gitMajor`]: '1',
      [`${component}.gitMinor`]: '37',
    },
    usualSeconds: 660,
  },
  etcd: { version: 'v3.7.3', targets: [{ package: '.', program: 'etcd' }], usualSeconds: 35 },
  kwok: { version: 'v0.8.0', targets: [{ package: 'sigs.k8s.io/kwok/cmd/kwok', program: 'kwok' }], usualSeconds: 110 },
  containerd: {
    version: 'v2.4.2',
    targets: [
      { package: 'github.com/containerd/containerd/v2/cmd/containerd', program: 'containerd' },
      {
        package: 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
        program: 'containerd-shim-runc-v2',
      },
      { package: 'github.com/containerd/containerd/v2/cmd/ctr', program: 'ctr' },
    ],
    usualSeconds: 100,
  },
  cni: {
    version: 'v1.9.1',
    targets: [
      { package: 'github.com/containernetworking/plugins/plugins/main/bridge', program: 'bridge' },
      { package: 'github.com/containernetworking/plugins/plugins/main/loopback', program: 'loopback' },
      { package: 'github.com/containernetworking/plugins/plugins/ipam/host-local', program: 'host-local' },
      { package: 'github.com/containernetworking/plugins/plugins/meta/portmap', program: 'portmap' },
    ],
    usualSeconds: 15,
  },
  prometheus: {
    version: 'v0.312.0',
    targets: [
      { package: 'github.com/prometheus/prometheus/cmd/prometheus', program: 'prometheus' },
      { package: 'github.com/prometheus/prometheus/cmd/promtool', program: 'promtool' },
    ],
    // The scenarios scrape fixed addresses; without the clouds' discovery a third of the build falls away.
    tags: ['remove_all_sd'],
    usualSeconds: 200,
  },
  'stripe-mock': {
    version: 'v0.203.0',
    targets: [{ package: 'github.com/stripe/stripe-mock', program: 'stripe-mock' }],
    usualSeconds: 10,
  },
  certs: { version: 'v1', targets: [{ package: '.', program: 'certs' }], usualSeconds: 10 },
  pause: { version: 'v1', targets: [{ package: '.', program: 'pause' }], usualSeconds: 3 },
} as const satisfies Record<string, GoModule>;

/** The name of a module folder. */
export type ModuleName = keyof typeof goModules;
