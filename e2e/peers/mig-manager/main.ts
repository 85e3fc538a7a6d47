import { readArguments, untilSignal } from '../device-plugin/arguments.ts';
import { faultModes, startMigManager } from './manager.ts';

const help = `node e2e/peers/mig-manager/main.ts --kubeconfig FILE --namespace NAME --selector LABELS [options]

Plays NVIDIA's mig-manager for fake nodes: reads the node label nvidia.com/mig.config, pauses the components, cuts the
GPUs of the annotation e2e.gpuoptimizer.io/gpus, and answers in nvidia.com/mig.config.state.

  --kubeconfig FILE    the cluster; certificates embedded
  --namespace NAME     where the components and the layouts are
  --selector LABELS    which nodes, for example type=kwok
  --sync-ms N          age that a mounted ConfigMap may have (2000)
  --apply-ms N         how long cutting takes (500)
  --wait-ms N          how long it waits for each component to go (300000)
  --fault NODE=MODE    the next run on a node: ${faultModes.join(', ')}; may be repeated

Example: node e2e/peers/mig-manager/main.ts --kubeconfig admin.kubeconfig --namespace gpu-operator --selector type=kwok
`;

const { ground, millis, each } = readArguments(help, {
  millis: { 'sync-ms': 2000, 'apply-ms': 500, 'wait-ms': 300_000 },
  repeated: ['fault'],
});
const peer = startMigManager({
  ...ground,
  syncMillis: millis('sync-ms'),
  applyMillis: millis('apply-ms'),
  waitMillis: millis('wait-ms'),
  complain: (message) => process.stderr.write(`${message}\n`),
});
for (const text of each('fault')) {
  const [node = '', name] = text.split('=');
  const mode = faultModes.find((known) => known === name);
  if (mode === undefined) process.stderr.write(`--fault ${text}: no such mode; one of ${faultModes.join(', ')}\n`);
  else peer.fault(node, mode);
}
untilSignal(peer);
