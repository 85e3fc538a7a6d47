/** The operator of the runtime's benchmark: the same controller as in ../runtime-go, on our runtime. */
import { parseArgs } from 'node:util';
import { createLogger, createRegistry } from '../../../operator/observability/index.ts';
import { createManager, loadCluster } from '../../../operator/runtime/index.ts';
import { assemblyController } from './controller.ts';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    address: { type: 'string', default: '127.0.0.1:0' },
    concurrency: { type: 'string', default: '16' },
  },
});
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
const [host, port] = values.address.split(':');
const manager = createManager({
  cluster: await loadCluster({ kubeconfig: values.kubeconfig }),
  rooms: [{ name: 'bench', controllers: [assemblyController(Number(values.concurrency))], runnables: [] }],
  log: createLogger(),
  registry: createRegistry({ process: 'include' }),
  http: { host, port: Number(port) },
});
await manager.run(stop.signal);
