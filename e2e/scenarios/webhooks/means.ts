/** The two ways in which a cluster gates pods, each installed as it is shipped. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from '../../cluster/index.ts';
import { OperatorProcess } from '../gpu/operator.ts';
import { root } from '../install/shell.ts';
import { mountedCertificate } from './mounted.ts';

/** A way to gate pods that is in place. */
export interface Means {
  /** Ends the process that answers, where one does; what is installed stays. */
  readonly silence: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

const policies = join(root, 'config/policies');

/** The policies, as config/default has them. */
export async function withPolicies({ kubectl }: Cluster): Promise<Means> {
  await kubectl(['apply', '--server-side', '--force-conflicts', '-k', policies]);
  return { silence: async () => undefined, remove: async () => void (await kubectl(['delete', '-k', policies])) };
}

interface Hook {
  readonly name: string;
  readonly clientConfig: { readonly service: { readonly path: string } };
}

/** The operator with webhooks, and the configurations of config/webhooks with its address in place of the Service. */
export async function withWebhooks(cluster: Cluster): Promise<Means> {
  const { kubectl } = cluster;
  const host = cluster.hostAddress ?? '127.0.0.1';
  const port = await freePort(host);
  const certificate = await mountedCertificate(host);
  const address = ['--webhook-address', `${host}:${port}`, '--webhook-certificates', certificate.folder];
  const operator = new OperatorProcess(cluster.kubeconfig, address);
  await operator.start();
  const items = ['mutating.yaml', 'guards/validating.yaml'].flatMap((file) =>
    parseAllDocuments(readFileSync(join(root, 'config/webhooks', file), 'utf8')).map((document) => {
      const configuration = document.toJS();
      const webhooks = configuration.webhooks.map((hook: Hook) => ({
        ...hook,
        clientConfig: {
          url: `https://${host}:${port}${hook.clientConfig.service.path}`,
          caBundle: certificate.caBundle,
        },
      }));
      return { ...configuration, webhooks };
    }),
  );
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input });
  // The verb `release` is in this role, which belongs to the policies.
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', join(policies, 'release-role.yaml')]);
  return {
    silence: () => operator.kill(),
    remove: async () => {
      await kubectl(['delete', 'mutatingwebhookconfiguration/gpuopt', 'validatingwebhookconfiguration/gpuopt']);
      await operator.stop();
      await certificate.remove();
    },
  };
}

/** A port that nobody listens at: the configurations name it before the operator is asked for the first time. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error(`no free port at ${host}`);
  return address.port;
}
