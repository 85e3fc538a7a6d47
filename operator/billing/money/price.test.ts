import { expect, test } from 'vitest';

import { divideRounded, formatDecimal, parseDecimal } from './decimal.ts';
import { toMajor, unitPrice } from './price.ts';

test.each([
  ['2.50', 'usd', '0.069444444444'],
  ['2.00', 'usd', '0.055555555556'],
  ['0.000000000001', 'usd', '0.000000000000'],
  ['36', 'jpy', '0.010000000000'],
  ['3.6', 'kwd', '1.000000000000'],
])('%s %s an hour is %s of the minor unit a second', (perHour, currency, expected) => {
  expect(formatDecimal(unitPrice(perHour, currency))).toBe(expected);
});

test.each([
  ['usd', '12.345', '0.12'],
  ['usd', '0.5', '0.01'],
  ['usd', '-0.5', '-0.01'],
  ['usd', '123456789012345678.000000000000', '1234567890123456.78'],
  ['jpy', '149.5', '150'],
  ['kwd', '1234', '1.234'],
])('%s: %s minor units are %s', (currency, minor, expected) => {
  expect(toMajor(parseDecimal(minor), currency)).toBe(expected);
});

test.each(['', '1.', '.5', '1e3', '1.0000000000001', 'NaN', '1,5'])('"%s" is no decimal', (text) => {
  expect(() => parseDecimal(text)).toThrow('is malformed');
});

test('the rounding error of a second price stays below the documented bound: 4.4e-4 cents in 1e9 s', () => {
  const rated = unitPrice('2.50', 'usd') * 1_000_000_000n;
  const exact = divideRounded(parseDecimal('250') * 1_000_000_000n, 3600n);
  expect(exact - rated).toBeLessThanOrEqual(parseDecimal('0.000444444445'));
});
