import { describe, expect, it } from 'vitest';

import { chooseNetwork } from './network.ts';
import { cniCacheOf, isShimOf, mountsBelow } from './node-cleanup.ts';
import { cniConfig, containerdConfig, kubeletConfig, kubeProxyConfig, type NodeLayout } from './node-files.ts';
import { clusterId } from './state.ts';

const layout: NodeLayout = {
  folder: '/s/cluster',
  id: 'abcdef',
  nodeName: 'real-0',
  network: chooseNetwork([], '000000'),
  runc: '/usr/bin/runc',
  cniPrograms: '/cache/cni',
  snapshotter: 'overlayfs',
};

describe('the configuration of the real node', () => {
  it('of containerd keeps every folder below the state folder', () => {
    const paths = containerdConfig(layout).match(/"\/[^"]*"/g) ?? [];
    const outside = paths.filter((path) => !path.startsWith('"/s/cluster/node/'));
    expect(outside).toEqual(['"/cache/cni"', '"/usr/bin/runc"']);
  });

  it('of the kubelet accepts cgroup v1 and refuses anonymous callers', () => {
    expect(kubeletConfig(layout)).toMatchObject({
      failCgroupV1: false,
      cgroupRoot: '/gpuopt-abcdef',
      authentication: { anonymous: { enabled: false } },
      podLogsDir: '/s/cluster/node/pod-logs',
    });
  });

  it('of the pod network gives pods a default route', () => {
    expect(cniConfig(layout)).toMatchObject({
      plugins: [{ isDefaultGateway: true, ipam: { ranges: [[{ subnet: '10.64.2.0/24' }]] } }, { type: 'portmap' }],
    });
  });

  it('of kube-proxy leaves the conntrack limits of the machine alone', () => {
    expect(kubeProxyConfig(layout)).toMatchObject({ mode: 'nftables', conntrack: { maxPerCore: 0, min: 0 } });
  });
});

describe('clusterId', () => {
  it('is short, and differs from folder to folder', () => {
    expect(clusterId('/a')).toMatch(/^[0-9a-f]{6}$/);
    expect(clusterId('/a')).not.toBe(clusterId('/b'));
  });
});

describe('isShimOf', () => {
  const shim = ['/cache/containerd-shim-runc-v2', '-namespace', 'k8s.io', '-id', '1', '-address', '/s/c.sock'];
  it.each([
    ['our shim', shim, '/s/c.sock', true],
    ["another containerd's shim", shim, '/run/containerd/containerd.sock', false],
    ['another program with that address', ['ctr', '-address', '/s/c.sock'], '/s/c.sock', false],
    ['a process without a command line', [''], '/s/c.sock', false],
  ])('%s', (_name, argv, socket, expected) => {
    expect(isShimOf(argv, socket)).toBe(expected);
  });
});

describe('mountsBelow', () => {
  it('names only mounts below the folder, the last made first, with escaped characters read', () => {
    const line = (id: number, path: string) => `${id} 1 0:1 / ${path} rw,relatime - tmpfs tmpfs rw`;
    const mountinfo = [
      line(10, '/'),
      line(11, '/s/cluster'),
      line(12, '/s/cluster/node/pods/a'),
      line(13, '/s/cluster-2/x'),
      line(14, '/s/cluster/node/pods/a/with\\040space'),
    ].join('\n');
    expect(mountsBelow('/s/cluster', mountinfo)).toEqual([
      '/s/cluster/node/pods/a/with space',
      '/s/cluster/node/pods/a',
    ]);
  });
});

describe('cniCacheOf', () => {
  it('finds the loopback results of its own sandboxes and nobody else', () => {
    const names = ['gpuopt-abcdef-s1-eth0', 'cni-loopback-s1-lo', 'gpuopt-123456-s2-eth0', 'cni-loopback-s2-lo'];
    expect(cniCacheOf('gpuopt-abcdef', names)).toEqual(['gpuopt-abcdef-s1-eth0', 'cni-loopback-s1-lo']);
  });
});
