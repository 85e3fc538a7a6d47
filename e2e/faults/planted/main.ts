/** One planted program as a process: `node main.ts PROGRAM KUBECONFIG`. */
import { createLogger, createRegistry } from '../../../operator/observability/index.ts';
import { createManager, loadCluster } from '../../../operator/runtime/index.ts';
import { programs } from './bugs.ts';

const [name = '', kubeconfig] = process.argv.slice(2);
const program = programs[name];
if (program === undefined || kubeconfig === undefined) {
  process.stderr.write(`Usage: node main.ts PROGRAM KUBECONFIG; programs: ${Object.keys(programs).join(', ')}\n`);
  process.exit(2);
}
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const manager = createManager({
  cluster: await loadCluster({ kubeconfig }),
  rooms: [{ name: 'toys', controllers: [program(name)], runnables: [] }],
  log: createLogger(),
  registry: createRegistry(),
});
await manager.run(stop.signal);
