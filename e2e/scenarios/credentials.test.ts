import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Client, connect, type Kind, type KubeObject, loadCluster } from '../../operator/runtime/index.ts';
import { VirtualClock } from '../../operator/runtime/testing/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';

/** Answers who the server takes us for. */
interface Review extends KubeObject {
  readonly status?: { readonly userInfo?: { readonly username?: string } };
}
const Review: Kind<Review> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  scope: 'Cluster',
};

interface Config {
  readonly clusters: readonly object[];
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
}

let cluster: Cluster;
let folder: string;
const users = new Map<string, Config>();

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-credentials-'));
  await cluster.kubectl(['create', 'namespace', 'rotation']);
  for (const name of ['first', 'second']) {
    await cluster.kubectl(['create', 'serviceaccount', name, '-n', 'rotation']);
    users.set(name, parse(await readFile(await cluster.kubeconfigForServiceAccount('rotation', name), 'utf8')));
  }
});

afterAll(async () => {
  await cluster.kubectl(['delete', 'namespace', 'rotation', '--wait=false']);
  await rm(folder, { recursive: true });
  await cluster.release();
});

const tokenOf = (name: string): string => users.get(name)?.users[0]?.user.token ?? '';
const file = (name: string): string => join(folder, name);

async function configure(user: object): Promise<void> {
  const { clusters } = users.get('first') ?? { clusters: [] };
  const [first] = clusters;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ ...first, name: 'c' }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(file('kubeconfig'), JSON.stringify(config));
}

async function whoAmI(client: Client): Promise<string | undefined> {
  const review: Review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
  return (await client.create(Review, review, 'test')).status?.userInfo?.username;
}

/** A plugin that answers what a file holds, with no end. */
async function plugin(): Promise<object> {
  const program = `
    const token = require('node:fs').readFileSync('${file('token')}', 'utf8');
    console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } }));`;
  await writeFile(file('plugin.cjs'), program);
  const apiVersion = 'client.authentication.k8s.io/v1';
  return { exec: { apiVersion, command: process.execPath, args: [file('plugin.cjs')], interactiveMode: 'Never' } };
}

const account = (name: string): string => `system:serviceaccount:rotation:${name}`;

const refused = 'not.a.token';

describe('credentials rotated under a running client', () => {
  const tokens = [
    { name: 'a token in the kubeconfig', write: (token: string) => configure({ token }) },
    {
      name: 'a token file',
      write: async (token: string) => {
        await writeFile(file('token'), token);
        await configure({ tokenFile: file('token') });
      },
    },
    {
      name: 'an exec plugin',
      write: async (token: string) => {
        await writeFile(file('token'), token);
        await configure(await plugin());
      },
    },
  ];
  test.each(tokens)('$name: new ones are taken up when the server refuses the old', async ({ write }) => {
    await write(refused);
    const { client, close } = connect(await loadCluster({ kubeconfig: file('kubeconfig') }));
    try {
      await expect(whoAmI(client)).rejects.toMatchObject({ code: 'Unauthorized' });
      await write(tokenOf('first'));
      expect(await whoAmI(client)).toBe(account('first'));
    } finally {
      await close();
    }
  });

  test('a client certificate: replaced within a minute, on connections of its own', async () => {
    const certificates = async (name: string): Promise<Readonly<Record<string, string>>> => {
      const config: Config = parse(await readFile(await cluster.kubeconfigForUser(name), 'utf8'));
      return config.users[0]?.user ?? {};
    };
    const clock = new VirtualClock();
    await configure(await certificates('ada'));
    const { client, close } = connect(await loadCluster({ kubeconfig: file('kubeconfig') }), { clock });
    try {
      expect(await whoAmI(client)).toBe('ada');
      await configure(await certificates('grace'));
      expect(await whoAmI(client)).toBe('ada');
      await clock.advance(61_000);
      // The request that finds the session due still goes out with the old one.
      await whoAmI(client);
      await expect.poll(() => whoAmI(client)).toBe('grace');
    } finally {
      await close();
    }
  });
});
