import { readArguments, untilSignal } from './arguments.ts';
import { startDevicePlugin } from './plugin.ts';

const help = `node e2e/peers/device-plugin/main.ts --kubeconfig FILE --namespace NAME --selector LABELS [options]

Plays NVIDIA's device plugin, GPU Feature Discovery and the kubelet's device manager for fake nodes, and deploys the
DaemonSets of the GPU Operator into the namespace. A node's GPUs are its annotation e2e.gpuoptimizer.io/gpus, one object
of MIG devices by profile for each GPU: [{}, {"1g.10gb": 7}].

  --kubeconfig FILE    the cluster; certificates embedded
  --namespace NAME     where the components and the configurations are; it must exist
  --selector LABELS    which nodes, for example type=kwok
  --sync-ms N          age that a mounted ConfigMap may have (2000)
  --start-ms N         how long the plugin takes to start (500)
  --withdraw NODE=N    withdraws N whole GPUs of a node, as after an Xid error; may be repeated
  --wrong NODE         advertises one MIG device too few on a node; may be repeated

Example: node e2e/peers/device-plugin/main.ts --kubeconfig admin.kubeconfig --namespace gpu-operator --selector type=kwok
`;

const { ground, millis, each } = readArguments(help, {
  millis: { 'sync-ms': 2000, 'start-ms': 500 },
  repeated: ['withdraw', 'wrong'],
});
const peer = await startDevicePlugin({
  ...ground,
  syncMillis: millis('sync-ms'),
  startMillis: millis('start-ms'),
  complain: (message) => process.stderr.write(`${message}\n`),
});
for (const text of each('withdraw')) {
  const [node = '', count] = text.split('=');
  peer.fault(node, { withdraw: Number(count) });
}
for (const node of each('wrong')) peer.fault(node, { wrong: true });
untilSignal(peer);
