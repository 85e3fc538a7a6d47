import { migResourceMilli } from '../../pools/index.ts';
import { MIG_RESOURCE_PREFIX } from '../labels.ts';
import type { Device } from '../sku.ts';

/**
 * What one unit of a metered device is of a GPU, in thousandths: a slice max(compute/7, memory/8), a shared slot its part.
 * A slice of which nothing is known counts as a whole GPU, because too little would let a budget run over.
 */
export function worthOf({ model, profile }: Device): number {
  const [, slice, replicas] = /^(.*?)(?:\+?ts(\d+))?$/.exec(profile) ?? [];
  const isSlice = slice !== undefined && slice !== '' && slice !== 'full';
  const whole = isSlice ? (migResourceMilli(`${MIG_RESOURCE_PREFIX}${slice.replace('+', '.')}`, model) ?? 1000) : 1000;
  return Math.floor(whole / Math.max(1, Number(replicas ?? 1)));
}
