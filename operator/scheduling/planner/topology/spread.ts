import type { Domain } from './domains.ts';
import { roomIn, type Shape } from './room.ts';

/** How many members of one shape go to the nodes of one domain. */
export interface Share {
  readonly nodes: readonly number[];
  readonly count: number;
}

/** Domains that have room for every shape by itself, the one that is left fullest first: large ones stay whole. */
export function fullestFirst(domains: readonly Domain[], shapes: readonly Shape[]): readonly Domain[] {
  return domains
    .flatMap((domain) => {
      const left = shapes.map((shape) => roomIn(shape, domain) - shape.members.length);
      return left.some((room) => room < 0) ? [] : [{ domain, left: left.reduce((sum, room) => sum + room, 0) }];
    })
    .sort((one, other) => one.left - other.left)
    .map(({ domain }) => domain);
}

/**
 * Divides members of one shape among domains that lie side by side: one where it does, else the roomiest until the rest
 * fits into one, and that the one it fills most. The same then within each. Undefined where there is no room.
 */
export function spread(domains: readonly Domain[], shape: Shape, count: number): readonly Share[] | undefined {
  const rooms = domains
    .map((domain) => ({ domain, room: roomIn(shape, domain) }))
    .filter(({ room }) => room > 0)
    .sort((one, other) => other.room - one.room);
  const shares: Share[] = [];
  let left = count;
  while (left > 0) {
    const least = rooms.findLast(({ room }) => room >= left)?.room;
    // The first among equals; the roomiest where none takes all that is left.
    const [next] = rooms.splice(
      Math.max(
        0,
        rooms.findIndex(({ room }) => room === least),
      ),
      1,
    );
    if (next === undefined) return undefined;
    const here = Math.min(left, next.room);
    shares.push(...within(next.domain, shape, here));
    left -= here;
  }
  return shares;
}

/** Divides members within a domain; nodes that are in none of its narrower domains are used only if these are full. */
function within(domain: Domain, shape: Shape, count: number): readonly Share[] {
  const { children, nodes } = domain;
  const inner = children.reduce((sum, child) => sum + roomIn(shape, child), 0);
  if (inner === 0) return [{ nodes, count }];
  const below = Math.min(count, inner);
  const shares = spread(children, shape, below) ?? [];
  if (below === count) return shares;
  const covered = new Set(children.flatMap((child) => child.nodes));
  return [...shares, { nodes: nodes.filter((node) => !covered.has(node)), count: count - below }];
}
