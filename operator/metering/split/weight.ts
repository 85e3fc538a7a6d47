import { migShare } from '../../pools/index.ts';
import type { Device } from '../sku.ts';

/** An exact fraction; the denominator is positive. */
export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

const whole: Fraction = { num: 1n, den: 1n };
const sharedPart = /(?:^|[+])(?:ts(?<replicas>[1-9][0-9]*)|share(?<thousandths>[0-9]+))$/;

/**
 * The part of a GPU that one unit of a device is, for dividing what the price does not: unused time, energy, carbon.
 * A MIG slice is the greater of its memory and compute fractions, a shared slot 1/N. Undefined where the profile is not
 * known for the model.
 */
export function weightOf({ model, profile }: Device): Fraction | undefined {
  const groups = sharedPart.exec(profile)?.groups;
  const cut = profile.replace(sharedPart, '');
  const device = cut === '' || cut === 'full' ? whole : fractionOf(migShare(model, cut));
  if (device === undefined || groups === undefined) return device;
  const { replicas, thousandths } = groups;
  if (replicas !== undefined) return { num: device.num, den: device.den * BigInt(replicas) };
  return { num: device.num * BigInt(thousandths ?? '0'), den: device.den * 1000n };
}

function fractionOf(share: { readonly num: number; readonly den: number } | undefined): Fraction | undefined {
  return share && { num: BigInt(share.num), den: BigInt(share.den) };
}
