import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { issueCertificates, writeKubeconfig } from '../cluster/certificates.ts';
import type { Cluster } from '../cluster/index.ts';
import { progressTo } from '../cluster/progress.ts';
import { type Api, openCheckerApi } from './api.ts';
import { CHECKER_PREFIX } from './oracles/leaves.ts';
import { Observer } from './oracles/observer.ts';
import { type FaultProxy, startProxy } from './proxy/proxy.ts';
import type { ApiRequest } from './proxy/request.ts';
import { Subject, type SubjectSpec } from './subject.ts';
import type { Workload } from './workloads/workload.ts';

/** What is put to the test. */
export interface Trial {
  readonly workloads: readonly Workload[];
  /** Where the workloads leave anything. */
  readonly collections: readonly string[];
  /** The kubeconfig whose credentials the program has; they are passed on by the proxy. */
  readonly credentials: string;
  /** The program, given a kubeconfig that points at the proxy and a folder of its own. */
  /** A text by which the trial differs from the one whose clean runs are its reference. */
  readonly disguise?: string;
  /** How long nothing is written before a step of a clean run is over. Default: longer than any pace at which the operator holds back writes (5 s). */
  readonly quietMillis?: number;
  /** Default 30 s; CloudNativePG allows 60 s. */
  readonly convergeMillis?: number;
  readonly subject: (kubeconfig: string, folder: string) => SubjectSpec;
}

/** A program under test behind a proxy, and the checker's own view of the cluster. */
export interface Harness {
  readonly api: Api;
  readonly observer: Observer;
  readonly proxy: FaultProxy;
  readonly subject: Subject;
  /** How long a plan may take to its end state. */
  readonly convergeMillis: number;
  readonly quietMillis: number;
  /** Kills the API server and starts it again; with `compact` etcd forgets its past before. */
  restartApiserver(how: { readonly compact: boolean }): Promise<void>;
  close(): Promise<void>;
}

interface Kubeconfig {
  readonly users: readonly { readonly user: { readonly token?: string } }[];
}

const QUIET_MILLIS = 8_000;
const CONVERGE_MILLIS = 30_000;
const CERTIFICATE = 'faults-proxy';

/** Puts the proxy before the cluster and starts the program behind it. `name` tells its files from those of others. */
export async function openHarness(cluster: Cluster, name: string, trial: Trial): Promise<Harness> {
  const { stateDir, record } = cluster;
  const folder = join(stateDir, `faults-${name}`);
  mkdirSync(folder, { recursive: true });
  const progress = progressTo(process.stderr);
  await issueCertificates(stateDir, [{ name: CERTIFICATE, commonName: CERTIFICATE, ips: ['127.0.0.1'] }], progress);
  const pem = (file: string): string => readFileSync(join(stateDir, 'certs', file), 'utf8');
  const api = openCheckerApi(cluster.kubeconfig);
  const proxy = await startProxy({
    server: record.apiServer,
    ca: pem('ca.crt'),
    cert: pem(`${CERTIFICATE}.crt`),
    key: pem(`${CERTIFICATE}.key`),
    kill: (stay) => subject.kill(stay),
    touch: (request) => touch(api, request),
  });
  const token = tokenOfUser(trial.credentials);
  const kubeconfig = await writeKubeconfig(stateDir, `faults-${name}`, proxy.url, { token });
  const subject: Subject = new Subject(trial.subject(kubeconfig, folder), () => {
    proxy.journal.life += 1;
  });
  await subject.start();
  return {
    api,
    proxy,
    subject,
    quietMillis: trial.quietMillis ?? QUIET_MILLIS,
    convergeMillis: trial.convergeMillis ?? CONVERGE_MILLIS,
    observer: new Observer(api, trial.collections, trial.disguise),
    restartApiserver: async ({ compact }) => {
      if (compact) await compactEtcd(record.ports.etcdClient);
      await cluster.restartApiserver();
    },
    close: async () => {
      await subject.stop();
      await proxy.close();
      await api.close();
    },
  };
}

function tokenOfUser(path: string): string {
  const config: Kubeconfig = parse(readFileSync(path, 'utf8'));
  const token = config.users[0]?.user.token;
  if (token === undefined) {
    throw new Error(`${path} has no token: a proxy can pass on a bearer token, but no client certificate`);
  }
  return token;
}

/** Writes to the object as somebody else would, so that its version is another one. */
async function touch(api: Api, { url, name }: ApiRequest): Promise<void> {
  const { pathname } = new URL(url, 'https://proxy');
  const object = pathname.replace(/\/(status|eviction|scale)$/, '');
  // Of a create there is nothing to change yet.
  if (!object.endsWith(`/${name}`)) return;
  await api.patch(object, { metadata: { annotations: { [`${CHECKER_PREFIX}touched`]: String(Date.now()) } } });
}

/** Compacts etcd up to now, through its HTTP gateway (etcd `api/etcdserverpb/rpc.proto`). */
async function compactEtcd(port: number | undefined): Promise<void> {
  const base = `http://127.0.0.1:${port}/v3/kv`;
  const post = async (path: string, body: object): Promise<string> => {
    const answer = await fetch(`${base}/${path}`, { method: 'POST', body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`etcd answered ${answer.status} to ${path}: ${text}`);
    return text;
  };
  const read: { readonly header: { readonly revision: string } } = JSON.parse(await post('range', { key: 'AA==' }));
  await post('compaction', { revision: read.header.revision });
}
