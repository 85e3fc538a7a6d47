import { describe, expect, it } from 'vitest';
import type { Cut } from '../device-plugin/hardware.ts';
import { applyLayout, STOCK_FILE, sameGpus } from './layouts.ts';

const whole: readonly Cut[] = [{}, {}];
const sevenths: readonly Cut[] = [{ '1g.10gb': 7 }, {}];
const entry = (devices: string): string =>
  `version: v1\nmig-configs:\n  a: [{devices: ${devices}, mig-enabled: true, mig-devices: {3g.40gb: 2}}]\n`;

describe('mig-parted’s file', () => {
  const rows: readonly (readonly [string, string, string, readonly Cut[], readonly Cut[] | undefined])[] = [
    ['all GPUs', STOCK_FILE, 'all-1g.10gb', whole, [{ '1g.10gb': 7 }, { '1g.10gb': 7 }]],
    ['no MIG', STOCK_FILE, 'all-disabled', sevenths, whole],
    ['GPUs that are not named stay as they are', entry('[1]'), 'a', sevenths, [{ '1g.10gb': 7 }, { '3g.40gb': 2 }]],
    ['an unknown name', STOCK_FILE, 'gpo-1', whole, undefined],
    ['an unknown key', `${entry('all')}extra: 1\n`, 'a', whole, undefined],
    ['no file', '', 'a', whole, undefined],
  ];
  it.each(rows)('%s', (_, file, name, before, after) => {
    expect(applyLayout(file, name, before)).toEqual(after);
  });

  it('cuts alike whatever the order of the profiles', () => {
    expect(sameGpus([{ '1g.10gb': 1, '3g.40gb': 1 }], [{ '3g.40gb': 1, '1g.10gb': 1 }])).toBe(true);
    expect(sameGpus(whole, sevenths)).toBe(false);
  });
});
