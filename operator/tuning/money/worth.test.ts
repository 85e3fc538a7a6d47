import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { gpuSecondsPerMonth, MONTH_SECONDS, PriceError, worth } from './worth.ts';

describe('GPU-seconds of a month', () => {
  const rows = [
    { name: 'one GPU', devices: 1, part: 1n, of: 1n, seconds: 2_592_000n },
    { name: 'eight GPUs', devices: 8, part: 1n, of: 1n, seconds: 20_736_000n },
    { name: 'a seventh, rest dropped', devices: 1, part: 1n, of: 7n, seconds: 370_285n },
    { name: 'three of seven, twice', devices: 2, part: 3n, of: 7n, seconds: 2_221_714n },
    { name: 'none', devices: 0, part: 1n, of: 1n, seconds: 0n },
  ];
  for (const { name, devices, part, of, seconds } of rows) {
    it(name, () => expect(gpuSecondsPerMonth(devices, { part, of })).toBe(seconds));
  }
});

describe('worth', () => {
  const rows = [
    { name: 'a month of a GPU at 2.50', seconds: MONTH_SECONDS, perHour: '2.50', money: '1800.00' },
    { name: 'a whole price', seconds: 3_600n, perHour: '3', money: '3.00' },
    { name: 'a third of a cent', seconds: 1n, perHour: '0.12', money: '0.000033' },
    {
      name: 'beyond what a double holds',
      seconds: 9_007_199_254_740_993n * 3_600n,
      perHour: '1.01',
      money: '9097271247288402.93',
    },
    { name: 'twelve digits', seconds: 3_600_000_000n, perHour: '0.000000000001', money: '0.000001' },
    { name: 'nothing', seconds: 0n, perHour: '9.99', money: '0.00' },
    { name: 'digits beyond the cent stay while they say something', seconds: 1_800n, perHour: '0.25', money: '0.125' },
  ];
  for (const { name, seconds, perHour, money } of rows) {
    it(`${name}: ${money}`, () => expect(worth(seconds, perHour)).toBe(money));
  }

  it('never promises more than the exact worth, and less than a millionth below it', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 15n), fc.bigInt(0n, 10n ** 9n), (seconds, micros) => {
        const price = `${micros / 1_000_000n}.${(micros % 1_000_000n).toString().padStart(6, '0')}`;
        const scaled = BigInt(
          worth(seconds, price).replace(/^(\d+)\.(\d+)$/, (_, whole, rest) => whole + rest.padEnd(6, '0')),
        );
        const exact = seconds * micros;
        expect(scaled * 3_600n <= exact && exact < (scaled + 1n) * 3_600n).toBe(true);
      }),
    );
  });

  for (const price of ['', '1,50', '-1', '1e3', 'free']) {
    it(`refuses the price "${price}"`, () => expect(() => worth(1n, price)).toThrow(PriceError));
  }
});
