import { describe, expect, it } from 'vitest';

import { goArguments } from './binaries.ts';
import { kubeconfig } from './certificates.ts';
import {
  apiServerArguments,
  apiServerUrl,
  type ControlPlaneLayout,
  controllerManagerArguments,
  etcdArguments,
  kwokArguments,
  schedulerArguments,
} from './control-plane-arguments.ts';
import { goModules } from './modules.ts';
import { chooseNetwork } from './network.ts';
import { goIsEnough } from './prerequisites.ts';

const layout: ControlPlaneLayout = {
  folder: '/state',
  network: chooseNetwork([], '000000'),
  bindAddress: '127.0.0.1',
  ports: { apiserver: 1, etcdClient: 2, etcdPeer: 3, controllerManager: 4, scheduler: 5, kwok: 6 },
};

describe('control plane', () => {
  const programs = {
    etcd: etcdArguments(layout),
    apiserver: apiServerArguments(layout),
    'controller-manager': controllerManagerArguments(layout),
    scheduler: schedulerArguments(layout),
    kwok: kwokArguments('/state', '/state/kubeconfigs/kwok.kubeconfig', 6, layout.network.fakePodRange),
  };

  it.each(Object.entries(programs))('%s is given no flag twice', (_name, args) => {
    const flags = args.map((arg) => arg.split('=')[0]);
    expect(new Set(flags).size).toBe(flags.length);
  });

  it.each(Object.entries(programs))('%s listens only where it is told', (_name, args) => {
    const listening = args.filter((arg) => /^--(bind-address|listen-.*|server-address)=/.test(arg));
    expect(listening.length).toBeGreaterThan(0);
    expect(listening.every((arg) => arg.includes('127.0.0.1'))).toBe(true);
  });

  it('the API server is reached where it listens', () => {
    expect(apiServerUrl({ ...layout, bindAddress: '10.64.0.1' })).toBe('https://10.64.0.1:1');
  });

  it('the API server authorises by role and verifies kubelets', () => {
    expect(programs.apiserver).toEqual(
      expect.arrayContaining([
        '--authorization-mode=Node,RBAC',
        '--client-ca-file=/state/certs/ca.crt',
        '--kubelet-certificate-authority=/state/certs/ca.crt',
      ]),
    );
  });
});

describe('kubeconfig', () => {
  it('verifies the server', () => {
    const text = JSON.stringify(kubeconfig('admin', 'https://127.0.0.1:1', 'Y2E=', { token: 'abc' }));
    expect(text).toContain('"certificate-authority-data":"Y2E="');
    expect(text).not.toContain('insecure');
  });
});

describe('goArguments', () => {
  it('stamps the Kubernetes version and leaves out paths and version control', () => {
    expect(goArguments(goModules.kubernetes, '.', 'out')).toEqual([
      'build',
      '-mod=readonly',
      '-buildvcs=false',
      '-trimpath',
      '-ldflags',
      '-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37',
      '-o',
      'out',
      '.',
    ]);
  });

  it('passes build tags', () => {
    expect(goArguments(goModules.prometheus, 'p', 'out')).toEqual(expect.arrayContaining(['-tags', 'remove_all_sd']));
  });
});

describe('goIsEnough', () => {
  it.each([
    ['the oldest that will do', 'go1.26', true],
    ['a patch release with a line end', 'go1.26.8\n', true],
    ['a release candidate of the next', 'go1.27rc1', true],
    ['the next major', 'go2.0', true],
    ['one too old', 'go1.25.9', false],
    ['a development version without a number', 'devel +abc', false],
  ])('%s', (_name, version, expected) => {
    expect(goIsEnough(version)).toBe(expected);
  });
});
