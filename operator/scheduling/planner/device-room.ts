/**
 * Devices of a node that share counters, as DRA drivers publish them: two MIG slices that overlap take the same memory
 * slice, a whole GPU takes all that its slices could.
 */

/** One device of a node. */
export interface RoomDevice {
  readonly name: string;
  /** What is asked for to get it; devices of one resource are worth the same. */
  readonly resource: string;
  /** Devices of different groups share no counter: the GPU. */
  readonly group: number;
  /** Counters by index in the room, and how much of each it takes. */
  readonly takes: readonly (readonly [counter: number, amount: number])[];
  /** False where it may not be handed out, because it is tainted. What holds it still counts. */
  readonly usable: boolean;
  /** Thousandths of a GPU that it is charged as, and those that it physically takes of one. */
  readonly milli: number;
  readonly shareMilli: number;
}

/** The devices of a node, and the counters that they share. */
export interface DeviceRoomFacts {
  /** Sorted by name. */
  readonly devices: readonly RoomDevice[];
  /** How much there is of each counter. */
  readonly counters: readonly number[];
  /** Physical GPUs. */
  readonly gpus: number;
  /** Other names under which resources can be asked for: extended resources that a DeviceClass stands for. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** A room with what is free of it. */
export interface DeviceRoom {
  readonly facts: DeviceRoomFacts;
  readonly free: Float64Array;
  /** Devices by group, and the resources from the most to the least valuable. */
  readonly groups: readonly (readonly RoomDevice[])[];
  readonly resources: readonly string[];
  readonly byName: ReadonlyMap<string, RoomDevice>;
}

/** An empty room. */
export function createDeviceRoom(facts: DeviceRoomFacts): DeviceRoom {
  const byValue = [...facts.devices].sort((left, right) => right.milli - left.milli);
  return {
    facts,
    free: Float64Array.from(facts.counters),
    groups: [...Map.groupBy(facts.devices, ({ group }) => group).entries()]
      .sort(([left], [right]) => left - right)
      .map(([, devices]) => devices),
    resources: [...new Set(byValue.map(({ resource }) => resource))],
    byName: new Map(facts.devices.map((device) => [device.name, device])),
  };
}

/** Whether the room has devices of this resource. */
export function roomOffers(room: DeviceRoom, resource: string): boolean {
  return room.resources.includes(resource);
}

/** Takes the counters of a device; false, with nothing changed, when they are not free. */
export function takeDevice(room: DeviceRoom, device: RoomDevice): boolean {
  if (!fits(room, device)) return false;
  for (const [counter, amount] of device.takes) room.free[counter] = (room.free[counter] as number) - amount;
  return true;
}

/** Gives back what `takeDevice` took. */
export function giveBackDevice(room: DeviceRoom, device: RoomDevice): void {
  for (const [counter, amount] of device.takes) room.free[counter] = (room.free[counter] as number) + amount;
}

/**
 * The free device of a resource after which the most valuable other devices can still be had: what it makes impossible is
 * counted by resource, the most valuable first. Among equals the first GPU and on it the last device, because the
 * profiles that fit in one place only sit at the beginning of a GPU.
 */
export function chooseDevice(room: DeviceRoom, resource: string): RoomDevice | undefined {
  let best: RoomDevice | undefined;
  let least: readonly number[] | undefined;
  for (const devices of room.groups) {
    let inGroup: RoomDevice | undefined;
    let lost: readonly number[] | undefined;
    const before = offers(room, devices);
    for (const device of devices) {
      if (device.resource !== resource || !device.usable || !takeDevice(room, device)) continue;
      const loss = offers(room, devices).map((count, at) => (before[at] as number) - count);
      giveBackDevice(room, device);
      if (lost !== undefined && compare(loss, lost) > 0) continue;
      inGroup = device;
      lost = loss;
    }
    if (lost === undefined || (least !== undefined && compare(lost, least) >= 0)) continue;
    best = inGroup;
    least = lost;
  }
  return best;
}

/** How many devices of a resource can be taken one after the other, in the order of their names. */
export function countDevices(room: DeviceRoom, resource: string): number {
  const taken = room.facts.devices.filter(
    (device) => device.resource === resource && device.usable && takeDevice(room, device),
  );
  for (const device of taken) giveBackDevice(room, device);
  return taken.length;
}

function fits({ free }: DeviceRoom, { takes }: RoomDevice): boolean {
  return takes.every(([counter, amount]) => (free[counter] as number) >= amount);
}

/** Devices of a GPU that could be taken next, by resource. */
function offers(room: DeviceRoom, devices: readonly RoomDevice[]): readonly number[] {
  const counts = room.resources.map(() => 0);
  for (const device of devices) {
    if (!device.usable || !fits(room, device)) continue;
    const at = room.resources.indexOf(device.resource);
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}

/** Compares losses by the most valuable resource that differs. */
function compare(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((count, index) => count !== right[index]);
  return at < 0 ? 0 : (left[at] as number) - (right[at] as number);
}
