import { readOptions } from '../options.ts';
import { DraPeer, misdeeds } from './driver.ts';
import type { DraNodeSpec, Mode } from './slices.ts';

const HELP = `Plays NVIDIA's DRA driver for nodes of a cluster: publishes ResourceSlices of the driver gpu.nvidia.com and
prepares in memory what is reserved on them. SIGINT or SIGTERM ends it and removes what it made.

Usage: node e2e/peers/dra-driver/main.ts --kubeconfig FILE --node NAME=MODE:GPUS ...

  --kubeconfig FILE        the cluster
  --node NAME=MODE:GPUS    a node and its GPUs: full, static (two 3g.40gb on each) or dynamic; may be given again
  --extended NAME          also hand out whole GPUs as this extended resource
  --misbehave NODE=WHAT    publish a node wrongly: ${misdeeds.join(', ')}
  --help                   this text

It prints one line of JSON when everything is published, and every claim that a real GPU would refuse.

Example: node e2e/peers/dra-driver/main.ts --kubeconfig kubeconfig --node gpu-a=dynamic:8 --node gpu-b=full:4
`;

const modes: readonly string[] = ['full', 'static', 'dynamic'] satisfies readonly Mode[];

const values = readOptions(
  {
    kubeconfig: { type: 'string' },
    node: { type: 'string', multiple: true, default: [] as string[] },
    extended: { type: 'string' },
    misbehave: { type: 'string', multiple: true, default: [] as string[] },
  },
  HELP,
);

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function nodeOf(text: string): DraNodeSpec {
  const [, node, mode, gpus] = /^([^=]+)=(\w+):(\d+)$/.exec(text) ?? [];
  if (node === undefined || mode === undefined || !modes.includes(mode)) {
    refuse(`--node "${text}" must be NAME=MODE:GPUS with MODE ${modes.join(', ')}, for example gpu-a=dynamic:8`);
  }
  return { node, mode: mode as Mode, gpus: Number(gpus) };
}

if (values.kubeconfig === undefined) refuse('--kubeconfig FILE is missing: the peer publishes on that cluster');
if (values.node.length === 0) refuse('--node NAME=MODE:GPUS is missing: the peer plays the GPUs of nodes');

const complain = (message: string): void => void process.stderr.write(`${message}\n`);
const { kubeconfig, extended: extendedResource } = values;
const peer = await DraPeer.start({ kubeconfig, nodes: values.node.map(nodeOf), extendedResource, complain });
for (const text of values.misbehave) {
  const [node = '', what = ''] = text.split('=');
  const misdeed = misdeeds.find((each) => each === what);
  if (misdeed === undefined) refuse(`--misbehave "${text}" must be NODE=WHAT with WHAT ${misdeeds.join(', ')}`);
  await peer.misbehave(node, misdeed);
}
process.stdout.write(`${JSON.stringify({ published: values.node })}\n`);

let told = 0;
const timer = setInterval(() => {
  for (const problem of peer.prepared.problems.slice(told)) complain(problem);
  told = peer.prepared.problems.length;
}, 1_000);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    clearInterval(timer);
    void peer.stop().then(() => process.exit(0));
  });
}
