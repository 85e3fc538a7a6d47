import { chooseDevice, countDevices, type DeviceRoom, type RoomDevice, roomOffers, takeDevice } from './device-room.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Takes devices of a resource: those named first, as long as there are names, and then the best ones. Answers those that
 * could be taken; when they are fewer than asked for, the caller gives them back.
 */
export function takeFromRoom(room: DeviceRoom, resource: string, count: number, names: string[]): RoomDevice[] {
  const taken: RoomDevice[] = [];
  while (taken.length < count) {
    const at = names.findIndex((name) => room.byName.get(name)?.resource === resource);
    const device = at < 0 ? chooseDevice(room, resource) : room.byName.get(names.splice(at, 1)[0] as string);
    if (device === undefined || !takeDevice(room, device)) break;
    taken.push(device);
  }
  return taken;
}

/** Counts anew how many devices of each resource fit on a node; to be called after its room changed. */
export function refreshRoom(snapshot: Snapshot, node: number): void {
  const room = snapshot.rooms[node];
  if (room === undefined) return;
  const names = [...room.resources.map((each) => [each, each] as const), ...Object.entries(room.facts.aliases)];
  for (const [name, resource] of names) {
    const id = snapshot.resourceIds.get(name);
    if (id !== undefined) snapshot.namedFree[node * snapshot.namedStride + id] = countDevices(room, resource);
  }
}

/** The room of a node that hands out a resource, and the resource's name; undefined where plain counting is right. */
export function roomOf(
  snapshot: Snapshot,
  node: number,
  resource: number,
): { readonly room: DeviceRoom; readonly name: string } | undefined {
  const room = snapshot.rooms[node];
  const asked = snapshot.resourceNames[resource];
  if (room === undefined || asked === undefined) return undefined;
  const name = room.facts.aliases[asked] ?? asked;
  return roomOffers(room, name) ? { room, name } : undefined;
}
