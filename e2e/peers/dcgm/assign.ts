import type { Device } from './devices.ts';
import type { PodFacts } from './world.ts';

/** Gives the devices of a node to its pods, as the kubelet does, and remembers who has what while the pod lives. */
export class Assignment {
  /** By pod uid. */
  #held = new Map<string, readonly Device[]>();

  /** Brings the assignment in step with the pods that run now; the answer is the holders of each device. */
  update(devices: readonly Device[], pods: readonly PodFacts[]): ReadonlyMap<Device, readonly PodFacts[]> {
    const known = new Map(devices.map((device) => [keyOf(device), device]));
    const used = new Map<Device, PodFacts[]>();
    const next = new Map<string, readonly Device[]>();
    const byUid = pods.toSorted((a, b) => (a.uid < b.uid ? -1 : 1));
    const take = (pod: PodFacts, taken: readonly Device[]): void => {
      next.set(pod.uid, taken);
      for (const device of taken) used.set(device, [...(used.get(device) ?? []), pod]);
    };
    for (const pod of byUid) {
      const before = (this.#held.get(pod.uid) ?? []).flatMap((device) => known.get(keyOf(device)) ?? []);
      if (before.length === pod.devices) take(pod, before);
    }
    const byNode = Map.groupBy(devices, ({ node }) => node);
    for (const pod of byUid.filter(({ uid }) => !next.has(uid))) {
      const free = (byNode.get(pod.node) ?? [])
        .filter(({ resource }) => resource === pod.resource)
        .filter((device) => (used.get(device)?.length ?? 0) < device.slots);
      take(pod, free.slice(0, pod.devices));
    }
    this.#held = next;
    return used;
  }
}

function keyOf({ node, index, instance }: Device): string {
  return `${node}/${index}/${instance?.id ?? ''}`;
}
