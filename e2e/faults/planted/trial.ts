/** What the planted programs are put to the test with. It knows them as processes only. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import type { Cluster } from '../../cluster/index.ts';
import type { Api, Thing } from '../api.ts';
import type { Trial } from '../harness.ts';
import { note, type Workload } from '../workloads/workload.ts';

const SYSTEM = 'planted-system';
const TRIES = 120;
const PAUSE_MILLIS = 250;
const schema = {
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { size: { type: 'integer' }, text: { type: 'string' } } },
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

/** Installs the kinds of the programs, bundles the programs once, and answers how each is tried. */
export async function plantedTrials(
  cluster: Cluster,
  api: Api,
  programs: readonly string[],
): Promise<(program: string) => Trial> {
  await install(api, programs);
  const bundle = join(cluster.stateDir, 'faults-planted', 'planted.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'error',
    // CommonJS dependencies ask for `require`, which an ES module lacks.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
  });
  const credentials = await cluster.kubeconfigForServiceAccount(SYSTEM, 'default', 4);
  return (program) => ({
    workloads: [toys(program)],
    collections: ['/api/v1/configmaps', `${groupPath(program)}/toys`],
    credentials,
    disguise: groupOf(program),
    quietMillis: 4_000,
    convergeMillis: 45_000,
    subject: (kubeconfig, folder) => ({
      argv: [process.execPath, bundle, program, kubeconfig],
      leadsWhen: '"msg":"leading"',
      log: join(folder, 'program.log'),
    }),
  });
}

function groupOf(program: string): string {
  return `${program}.planted.gpuoptimizer.io`;
}

function groupPath(program: string): string {
  return `/apis/${groupOf(program)}/v1`;
}

async function install(api: Api, programs: readonly string[]): Promise<void> {
  await api.apply('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
  await api.apply('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', binding());
  for (const program of programs)
    await api.apply('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd(program));
  for (const program of programs) await served(api, program);
}

async function served(api: Api, program: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await api.list(`${groupPath(program)}/toys`);
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await delay(PAUSE_MILLIS);
    }
  }
}

function binding(): Thing & { readonly roleRef: object; readonly subjects: readonly object[] } {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: SYSTEM },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', namespace: SYSTEM, name: 'default' }],
  };
}

function crd(program: string): Thing {
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    subresources: { status: {} },
    schema: { openAPIV3Schema: schema },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `toys.${groupOf(program)}` },
    spec: { group: groupOf(program), scope: 'Namespaced', names: { kind: 'Toy', plural: 'toys' }, versions: [version] },
  };
}

/** A toy is made, shrinks, meets a note of someone else, gets another text, loses a note, and goes. */
function toys(program: string): Workload {
  const collection = (token: string): string => `${groupPath(program)}/namespaces/${token}/toys`;
  const notes = (token: string): string => `/api/v1/namespaces/${token}/configmaps`;
  const toy = (token: string, size: number, text: string): Thing => ({
    apiVersion: `${groupOf(program)}/v1`,
    kind: 'Toy',
    metadata: { name: 'toy', namespace: token, annotations: note },
    spec: { size, text },
  });
  const stranger = (token: string): Thing => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'toy-7', namespace: token },
    data: { text: 'not of a toy' },
  });
  return {
    name: 'toys',
    steps: [
      {
        name: 'create',
        act: async (token, api) => {
          await api.apply('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: token } });
          await api.apply(collection(token), toy(token, 2, 'one'));
        },
      },
      { name: 'shrink', act: (token, api) => api.apply(collection(token), toy(token, 1, 'one')) },
      { name: 'meet', act: (token, api) => api.apply(notes(token), stranger(token)) },
      { name: 'edit', act: (token, api) => api.apply(collection(token), toy(token, 1, 'two')) },
      { name: 'lose', act: (token, api) => api.remove(`${notes(token)}/toy-0`) },
      { name: 'remove', act: (token, api) => api.remove(`${collection(token)}/toy`) },
    ],
    leavings: (token) => [`/api/v1/namespaces/${token}`],
  };
}
