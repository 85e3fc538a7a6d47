import { connect, loadCluster } from '../../runtime/index.ts';
import type { WhyConnection, WhyDeps } from './command.ts';

/** Connects to the cluster that kubectl would use. Rejects with ClusterConfigError. */
const connectToCluster: WhyDeps['connect'] = async (options): Promise<WhyConnection> => {
  const cluster = await loadCluster(options);
  const { client, close } = connect(cluster);
  return {
    namespace: cluster.namespace,
    list: async (kind) => {
      const objects = await client.list(kind);
      const { project } = kind;
      return project === undefined ? objects : objects.map((object) => project(object));
    },
    close,
  };
};

/** The command's surroundings in a process of its own. */
export const processDeps: WhyDeps = {
  connect: connectToCluster,
  now: () => new Date(),
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  exit: (code) => {
    process.exitCode = code;
  },
};
