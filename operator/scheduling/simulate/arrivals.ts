import { type Demand, MILLI_PER_GPU, type Random, shuffled } from '../planner/index.ts';

/** GPU that a pod asks for, in thousandths; a device of any name counts as a whole GPU in a trace. */
export function askedMilli(pod: Demand): number {
  return pod.gpus.reduce((sum, gpu) => sum + (gpu.kind === 'share' ? gpu.milli : gpu.count * MILLI_PER_GPU), 0);
}

/**
 * The arrival protocol of the FGD experiments: the pods in random order, then pods drawn from the list with
 * replacement until the demand is `load` times the capacity; where the list asks for more than that, pods dropped at
 * random until it does not.
 */
export function arrivals<Pod extends Demand>(
  pods: readonly Pod[],
  capacityMilli: number,
  load: number,
  random: Random,
): Pod[] {
  const order = shuffled(pods, random);
  const wanted = load * capacityMilli;
  let asked = order.reduce((sum, pod) => sum + askedMilli(pod), 0);
  if (asked === 0) return order;
  while (asked > wanted) asked -= askedMilli(order.pop() as Pod);
  while (asked < wanted) {
    const pod = pods[Math.floor(random() * pods.length)] as Pod;
    order.push(pod);
    asked += askedMilli(pod);
  }
  return order;
}
