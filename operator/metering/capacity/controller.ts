/** Keeps in the store from when to when each node had how many GPUs: what nobody held of them is unused. */
import { Node, ResourceSlice } from '../../kube/index.ts';
import { nodeGpus, readDraNodes } from '../../pools/index.ts';
import { type Controller, type Reader, singleton } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { decide, type NodeCapacity } from './decide.ts';
import { readCapacities, writeCapacities } from './repository.ts';

const regionLabel = 'topology.kubernetes.io/region';

/** The observer of nodes. One pass looks at all of them: a restart needs nothing but the list and the store. */
export function capacityController(store: Store): Controller {
  return singleton('metering-capacity')
    .watches(Node)
    .watches(ResourceSlice)
    .debounce('5s')
    .every('30s')
    .reconcile(async (ctx) => {
      const now = ctx.now().getTime();
      const { open, before } = await readCapacities(store);
      await writeCapacities(store, decide(observe(ctx), open, { now, before }), now);
      return {};
    });
}

/** Physical GPUs, also those that are ill or that nobody may use now: they are there and cost what they cost. */
function observe(reader: Reader): readonly NodeCapacity[] {
  const dynamic = readDraNodes(reader.list(ResourceSlice));
  return reader.list(Node).flatMap((node) => {
    const name = node.metadata.name ?? '';
    const { model, physical } = nodeGpus(node);
    const claimable = dynamic.get(name);
    const found = claimable === undefined ? { model, gpus: physical } : claimable;
    if (found.gpus === 0 || found.model === '') return [];
    const region = node.metadata.labels?.[regionLabel];
    return [{ node: name, model: found.model, gpus: found.gpus, ...(region !== undefined && { region }) }];
  });
}
