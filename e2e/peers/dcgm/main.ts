import { readOptions } from '../options.ts';
import { clusterReader } from './cluster-reader.ts';
import { startDcgmPeer } from './server.ts';

const help = `Plays NVIDIA's DCGM exporter: serves the fields of the GPUs that pods of a cluster hold.

Usage: node e2e/peers/dcgm/main.ts --kubeconfig FILE [options]

  --kubeconfig FILE  the cluster whose pods are read
  --host ADDRESS     where it listens (127.0.0.1)
  --port N           0 for any (0)
  --seed TEXT        the workloads' figures follow from it (1)
  --collect-ms N     milliseconds between two readings (1000)
  --help             this text

It prints one line of JSON with its URL when it is ready.

Example: node e2e/peers/dcgm/main.ts --kubeconfig kubeconfig --port 9400
`;

const values = readOptions(
  {
    kubeconfig: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    'collect-ms': { type: 'string', default: '1000' },
  },
  help,
);

if (values.kubeconfig === undefined) {
  process.stderr.write('--kubeconfig FILE is missing: the exporter reads the pods whose GPUs it reports\n');
  process.exit(2);
}

const peer = await startDcgmPeer({
  read: await clusterReader(values.kubeconfig),
  host: values.host,
  port: Number(values.port),
  seed: values.seed,
  collectMillis: Number(values['collect-ms']),
  complain: (message) => process.stderr.write(`${message}\n`),
});
process.stdout.write(`${JSON.stringify({ url: peer.url })}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void peer.stop().then(() => process.exit(0)));
}
