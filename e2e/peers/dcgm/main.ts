/** `node e2e/peers/dcgm/main.ts --kubeconfig FILE [--host ADDRESS] [--port N] [--seed TEXT] [--collect-ms N]` */
import { parseArgs } from 'node:util';

import { clusterReader } from './cluster-reader.ts';
import { startDcgmPeer } from './server.ts';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    'collect-ms': { type: 'string', default: '1000' },
  },
});

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
