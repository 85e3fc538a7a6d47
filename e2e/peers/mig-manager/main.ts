import { parseArgs } from 'node:util';
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

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    kubeconfig: { type: 'string' },
    namespace: { type: 'string' },
    selector: { type: 'string' },
    'sync-ms': { type: 'string', default: '2000' },
    'apply-ms': { type: 'string', default: '500' },
    'wait-ms': { type: 'string', default: '300000' },
    fault: { type: 'string', multiple: true, default: [] },
  },
});
const { kubeconfig, namespace, selector } = values;

if (values.help) {
  process.stdout.write(help);
} else if (kubeconfig === undefined || namespace === undefined || selector === undefined) {
  process.stderr.write(`--kubeconfig, --namespace and --selector are needed\n\n${help}`);
  process.exitCode = 2;
} else {
  const peer = startMigManager({
    kubeconfig,
    namespace,
    selector,
    syncMillis: Number(values['sync-ms']),
    applyMillis: Number(values['apply-ms']),
    waitMillis: Number(values['wait-ms']),
    complain: (message) => process.stderr.write(`${message}\n`),
  });
  for (const text of values.fault) {
    const [node = '', name] = text.split('=');
    const mode = faultModes.find((known) => known === name);
    if (mode === undefined) process.stderr.write(`--fault ${text}: no such mode; one of ${faultModes.join(', ')}\n`);
    else peer.fault(node, mode);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void peer.stop().then(() => process.exit(0)));
  }
}
