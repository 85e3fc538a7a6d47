import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cluster, type Credentials, loadCluster } from './cluster.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-cluster-'));
  path = join(folder, 'kubeconfig');
});

afterEach(() => rm(folder, { recursive: true }));

const file = (name: string): string => join(folder, name);

async function configure(user: object): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'c', cluster: { server: 'https://127.0.0.1:6443/', 'certificate-authority-data': base64('ca') } },
    ],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'here' } }],
    'current-context': 'x',
  };
  await writeFile(path, JSON.stringify(config));
}

/** An exec plugin that counts its runs and answers the token `run N`, with or without an end. */
async function plugin(expiresInSeconds: number | undefined): Promise<object> {
  await writeFile(file('runs'), '');
  const status =
    expiresInSeconds === undefined ? '' : `expirationTimestamp: new Date(Date.now() + ${expiresInSeconds * 1000}),`;
  const program = `
    const { appendFileSync, readFileSync } = require('node:fs');
    appendFileSync('${file('runs')}', 'x');
    const token = 'run ' + readFileSync('${file('runs')}', 'utf8').length;
    console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { ${status} token } }));`;
  await writeFile(file('plugin.cjs'), program);
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: [file('plugin.cjs')],
    interactiveMode: 'Never',
  };
  return { exec };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const bearer = ({ headers }: Credentials): string | undefined => headers.Authorization;
const certificate = ({ tls }: Credentials): string => `${tls.cert}/${tls.key}`;
const load = (): Promise<Cluster> => loadCluster({ kubeconfig: path });

describe('a cluster of a kubeconfig', () => {
  test('has its server without a trailing slash and the namespace of its context', async () => {
    await configure({ token: 't' });
    expect(await load()).toMatchObject({ server: 'https://127.0.0.1:6443', namespace: 'here' });
  });

  const noCluster = { contexts: [{ name: 'x', context: { cluster: 'y' } }], 'current-context': 'x' };
  test.each([
    { name: 'a file that is not there', content: undefined, message: 'cannot be read; check the path' },
    { name: 'a context that names no cluster', content: noCluster, message: 'context "x" names no cluster' },
  ])('is refused for $name', async ({ content, message }) => {
    if (content !== undefined) await writeFile(path, JSON.stringify(content));
    await expect(load()).rejects.toThrow(message);
  });
});

describe('credentials that are rotated', () => {
  const rows = [
    {
      name: 'a token in the kubeconfig',
      write: (value: string) => configure({ token: value }),
      read: bearer,
      want: (value: string) => `Bearer ${value}`,
    },
    {
      name: 'a token file that the kubeconfig names',
      write: async (value: string) => {
        await writeFile(file('token'), `${value}\n`);
        await configure({ tokenFile: file('token') });
      },
      read: bearer,
      want: (value: string) => `Bearer ${value}`,
    },
    {
      name: 'a client certificate in files',
      write: async (value: string) => {
        await writeFile(file('crt'), `${value} cert`);
        await writeFile(file('key'), `${value} key`);
        await configure({ 'client-certificate': file('crt'), 'client-key': file('key') });
      },
      read: certificate,
      want: (value: string) => `${value} cert/${value} key`,
    },
    {
      name: 'a client certificate in the kubeconfig',
      write: (value: string) =>
        configure({ 'client-certificate-data': base64(`${value} cert`), 'client-key-data': base64(`${value} key`) }),
      read: certificate,
      want: (value: string) => `${value} cert/${value} key`,
    },
  ];
  test.each(rows)('are read again: $name', async ({ write, read, want }) => {
    await write('first');
    const { credentials } = await load();
    expect(read(await credentials())).toBe(want('first'));
    await write('second');
    expect(read(await credentials())).toBe(want('second'));
  });

  test('stay in force while the kubeconfig is being written', async () => {
    await configure({ token: 'first' });
    const { credentials } = await load();
    await writeFile(path, '{ "users": [ {');
    expect(bearer(await credentials())).toBe('Bearer first');
    await configure({ token: 'second' });
    expect(bearer(await credentials())).toBe('Bearer second');
  });

  test.each([
    { name: 'is asked once while its answer holds', expires: 3_600, runs: 1, last: 'Bearer run 1' },
    { name: 'is asked once when its answer has no end', expires: undefined, runs: 1, last: 'Bearer run 1' },
    { name: 'is asked again when its answer has expired', expires: -1, runs: 3, last: 'Bearer run 3' },
  ])('an exec plugin $name', async ({ expires, runs, last }) => {
    await configure(await plugin(expires));
    const { credentials } = await load();
    await credentials();
    await credentials();
    expect(bearer(await credentials())).toBe(last);
    expect((await readFile(file('runs'), 'utf8')).length).toBe(runs);
  });

  test('an exec plugin is asked again when the server refuses what it gave', async () => {
    await configure(await plugin(3_600));
    const { credentials } = await load();
    await credentials();
    expect(bearer(await credentials({ refused: true }))).toBe('Bearer run 2');
    expect(bearer(await credentials())).toBe('Bearer run 2');
  });
});
