import { Agent, request } from 'node:https';

import { type Access, readKubeconfig } from './kubeconfig.ts';
import { loadOf, type NodeFacts, type PodFacts, type World } from './world.ts';

const PAGE = 500;
const TIMEOUT_MS = 10_000;

interface Item {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly {
      readonly name: string;
      readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
    }[];
  };
  readonly status?: { readonly capacity?: Readonly<Record<string, string>> };
}

interface Page {
  readonly items: readonly Item[];
  readonly metadata: { readonly continue?: string };
}

/** Reads the GPU nodes and the running pods with GPUs of a cluster, each time anew. */
export async function clusterReader(kubeconfig: string): Promise<() => Promise<World>> {
  const access = await readKubeconfig(kubeconfig);
  const agent = new Agent({ keepAlive: true, ca: access.ca, cert: access.cert, key: access.key });
  return async () => {
    const running = encodeURIComponent('status.phase=Running,spec.nodeName!=');
    const [nodes, pods] = await Promise.all([
      list(access, agent, '/api/v1/nodes?'),
      list(access, agent, `/api/v1/pods?fieldSelector=${running}&`),
    ]);
    return { nodes: nodes.flatMap(nodeFacts), pods: pods.flatMap(podFacts) };
  };
}

async function list(access: Access, agent: Agent, path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let next: string | undefined;
  do {
    const from = next === undefined ? '' : `&continue=${encodeURIComponent(next)}`;
    const page: Page = JSON.parse(await get(access, agent, `${path}limit=${PAGE}${from}`));
    items.push(...page.items);
    next = page.metadata.continue || undefined;
  } while (next !== undefined);
  return items;
}

function get({ server, token }: Access, agent: Agent, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const call = request(`${server}${path}`, { agent, headers, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`GET ${path} answered ${response.statusCode}: ${body.slice(0, 200)}`));
      });
    });
    call.once('timeout', () => call.destroy(new Error(`GET ${path} took more than ${TIMEOUT_MS} ms`)));
    call.once('error', reject);
    call.end();
  });
}

function nodeFacts({ metadata, status }: Item): readonly NodeFacts[] {
  const capacity = status?.capacity ?? {};
  if (!Object.keys(capacity).some((name) => name.startsWith('nvidia.com/'))) return [];
  return [{ name: metadata.name, labels: metadata.labels ?? {}, capacity }];
}

function podFacts({ metadata, spec }: Item): readonly PodFacts[] {
  return (spec?.containers ?? []).flatMap((container) =>
    Object.entries(container.resources?.limits ?? {})
      .filter(([name, amount]) => name.startsWith('nvidia.com/') && Number(amount) > 0)
      .map(([resource, amount]) => ({
        // Two containers of a pod hold different devices.
        uid: `${metadata.uid}/${container.name}/${resource}`,
        namespace: metadata.namespace ?? '',
        name: metadata.name,
        node: spec?.nodeName ?? '',
        container: container.name,
        resource,
        devices: Number(amount),
        load: loadOf(metadata.annotations),
      })),
  );
}
