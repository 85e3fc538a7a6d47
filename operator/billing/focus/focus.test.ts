import { expect, test } from 'vitest';
import type { IdlePolicy, WindowUse } from '../../metering/index.ts';
import { formatDecimal, parseDecimal } from '../money/decimal.ts';
import { type FocusRow, focusColumns } from './columns.ts';
import { csvHead, csvRows } from './csv.ts';
import { monthItemRow, type PostedItem } from './month-items.ts';
import { type Charged, focusRow } from './rows.ts';
import { unusedRows } from './unused.ts';

const charged: Charged = {
  ...{ tenant: 'acme', model: 'NVIDIA-L4', profile: 'full', sku: 'l4', book: 'standard', version: 1, currency: 'usd' },
  ...{ start: Date.parse('2026-01-31T23:00:00Z'), end: Date.parse('2026-02-01T00:00:00Z'), quantity: 3600n },
  ...{ unitPrice: '0.069444444444', amount: '249.999999998400', provider: 'stripe', customer: 'cus_acme' },
};

/** A decimal as an integer of twenty places. */
const scaled = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(20, '0'));
};

type Rule = readonly [says: string, holds: (row: FocusRow) => boolean];

const decimal = /^-?\d+([.]\d+)?$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const costs = ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'] as const;
const notNull = [
  ...costs,
  ...(['BillingAccountId', 'BillingAccountName', 'BillingCurrency', 'BillingPeriodStart', 'BillingPeriodEnd'] as const),
  ...(['ChargeCategory', 'ChargeDescription', 'ChargeFrequency', 'ChargePeriodStart', 'ChargePeriodEnd'] as const),
  ...(['InvoiceIssuerName', 'ProviderName', 'PublisherName', 'ServiceCategory', 'ServiceName'] as const),
];
const isJsonObject = (text: string): boolean => {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
};
/** A price is cut to twelve places, beyond which FOCUS asks for nothing; that errs by the quantity, here below 20,000. */
const times = (price: string, quantity: string): string =>
  formatDecimal((parseDecimal(price.slice(0, price.indexOf('.') + 13)) * parseDecimal(quantity)) / 10n ** 12n);
const about = (a: string, b: string): boolean => {
  const difference = parseDecimal(a.slice(0, a.indexOf('.') + 13)) - parseDecimal(b);
  return (difference < 0n ? -difference : difference) <= 20_000n;
};

/** FOCUS asks for quantities and prices of these; of an adjustment they may be null. */
const isPriced = ({ ChargeCategory }: FocusRow): boolean => ['Usage', 'Purchase'].includes(ChargeCategory);
const isKnownOrNull = (text: string): boolean => text === '' || decimal.test(text);

/** What FOCUS 1.2 says of the columns that are exported; null is the empty string. */
const rules: readonly Rule[] = [
  ['columns that must not be null are not', (row) => notNull.every((column) => row[column] !== '')],
  ['costs are decimals', (row) => costs.every((column) => decimal.test(row[column]))],
  ['the currency is an ISO 4217 code', ({ BillingCurrency }) => /^[A-Z]{3}$/.test(BillingCurrency)],
  [
    'times are ISO 8601 in UTC',
    (row) =>
      [row.BillingPeriodStart, row.BillingPeriodEnd, row.ChargePeriodStart, row.ChargePeriodEnd].every((one) =>
        time.test(one),
      ),
  ],
  ['the charge period ends after it begins', (row) => row.ChargePeriodStart < row.ChargePeriodEnd],
  [
    'the billing period holds the charge period, but of corrections',
    (row) =>
      row.ChargeClass === 'Correction' ||
      (row.BillingPeriodStart <= row.ChargePeriodStart && row.ChargePeriodEnd <= row.BillingPeriodEnd),
  ],
  [
    'the charge category is one of five',
    ({ ChargeCategory }) => ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'].includes(ChargeCategory),
  ],
  ['the charge class is null or Correction', ({ ChargeClass }) => ['', 'Correction'].includes(ChargeClass)],
  [
    'the frequency is one of three, and Usage is not One-Time',
    (row) => ['Recurring', 'Usage-Based'].includes(row.ChargeFrequency) || row.ChargeCategory !== 'Usage',
  ],
  [
    'consumed quantity and unit are null together',
    (row) => (row.ConsumedQuantity === '') === (row.ConsumedUnit === ''),
  ],
  ['only usage is consumed', (row) => row.ChargeCategory === 'Usage' || row.ConsumedQuantity === ''],
  [
    'what is used or bought has a pricing quantity and unit',
    (row) => !isPriced(row) || (row.PricingQuantity !== '' && row.PricingUnit !== ''),
  ],
  [
    'what is used or bought has a unit price',
    (row) => !isPriced(row) || (decimal.test(row.ListUnitPrice) && decimal.test(row.ContractedUnitPrice)),
  ],
  [
    'list cost is price times quantity',
    (row) => !isPriced(row) || about(row.ListCost, times(row.ListUnitPrice, row.PricingQuantity)),
  ],
  [
    'contracted cost is price times quantity',
    (row) => !isPriced(row) || about(row.ContractedCost, times(row.ContractedUnitPrice, row.PricingQuantity)),
  ],
  [
    'the pricing category of what is used or bought is one of four',
    (row) => !isPriced(row) || ['Standard', 'Dynamic', 'Committed', 'Other'].includes(row.PricingCategory),
  ],
  ['what is used or bought has a SKU', (row) => !isPriced(row) || row.SkuId !== ''],
  ['a SKU price belongs to a SKU', (row) => row.SkuPriceId === '' || row.SkuId !== ''],
  ['a resource name and type belong to a resource', (row) => row.ResourceName === '' || row.ResourceId !== ''],
  [
    'a sub account name and type belong to a sub account',
    (row) => row.SubAccountName === '' || row.SubAccountId !== '',
  ],
  ['the service category is of the list', ({ ServiceCategory }) => ServiceCategory === 'Compute'],
  ['tags and price details are JSON objects', (row) => isJsonObject(row.Tags) && isJsonObject(row.SkuPriceDetails)],
  [
    'no discount: its columns are null',
    (row) => focusColumns.filter((one) => one.startsWith('CommitmentDiscount')).every((one) => row[one] === ''),
  ],
  ['energy and CO2 are decimals or not known', (row) => [row.x_EnergyKWh, row.x_CO2e].every(isKnownOrNull)],
];

test.each<[string, Partial<Charged>]>([
  ['an hour that ends with its month', {}],
  ['a correction that takes away', { quantity: -7n, amount: '-0.486111111108' }],
  ['a currency without minor units', { currency: 'jpy', unitPrice: '0.100000000000', amount: '360.000000000000' }],
  ['nobody to charge at a provider', { provider: undefined, customer: undefined }],
  ['a correction of a period that is invoiced', { correctedAt: Date.parse('2026-03-02T10:00:00Z') }],
  ['on an invoice', { invoice: { id: 'in_1', start: Date.parse('2026-01-15'), end: Date.parse('2026-02-15') } }],
  ['measured, and weighed', { millijoules: 2_520_000_001n, factors: { gramsPerKWh: 380n, pue: parseDecimal('1.3') } }],
])('%s: every rule of the specification holds', (_, change) => {
  const row = focusRow({ ...charged, ...change });
  expect(rules.filter(([, holds]) => !holds(row)).map(([says]) => says)).toEqual([]);
});

const item: PostedItem = {
  ...{
    tenant: 'acme',
    kind: 'fee',
    currency: 'usd',
    amount: '4900.000000000000',
    provider: 'stripe',
    customer: 'cus_1',
  },
  ...{ start: Date.parse('2026-01-01T00:00:00Z'), end: Date.parse('2026-02-01T00:00:00Z') },
};

test.each<[string, Partial<PostedItem>]>([
  ['a fee', {}],
  ['a fee on its invoice', { invoice: 'in_1' }],
  ['what usage lacks of a minimum', { kind: 'minimum', amount: '12.345678901200' }],
  ['what credit pays', { kind: 'credit', amount: '-354', invoice: 'in_1' }],
  ['what usage has above a maximum', { kind: 'maximum', amount: '-50000.000000000000' }],
  [
    'a fee that nobody was told of, corrected',
    { provider: undefined, customer: undefined, correctedAt: Date.parse('2026-03-02T10:00:00Z') },
  ],
])('%s: every rule of the specification holds', (_, change) => {
  const row = monthItemRow({ ...item, ...change });
  expect(rules.filter(([, holds]) => !holds(row)).map(([says]) => says)).toEqual([]);
});

test.each<[string, Partial<FocusRow>, string]>([
  ['a cost with an exponent', { BilledCost: '1e3' }, 'costs are decimals'],
  [
    'a period that ends before it begins',
    { ChargePeriodEnd: '2026-01-01T00:00:00Z' },
    'the charge period ends after it begins',
  ],
  ['an invented category', { ChargeCategory: 'Rent' }, 'the charge category is one of five'],
  ['a wrong product', { ListCost: '2.4' }, 'list cost is price times quantity'],
])('the rules find %s', (_, change, expected) => {
  const row = { ...focusRow(charged), ...change };
  expect(rules.filter(([, holds]) => !holds(row)).map(([says]) => says)).toContain(expected);
});

test('amounts are exact decimals of the currency', () => {
  const { BilledCost, ListUnitPrice } = focusRow(charged);
  expect([BilledCost, ListUnitPrice]).toEqual(['2.499999999984', '0.00069444444444']);
});

test('cells with commas, quotes and line ends are quoted', () => {
  const row = { ...focusRow(charged), Tags: '{"a":"b"}', ChargeDescription: 'one, two\r\nthree' };
  const [head, ...rest] = (csvHead + csvRows([row])).split('\r\n');
  expect(head).toBe(focusColumns.join(','));
  expect(rest.join('\r\n')).toContain('"one, two\r\nthree"');
  expect(rest.join('\r\n')).toContain('"{""a"":""b""}"');
});

test('a whole GPU at 700 W for an hour: 0.7 kWh, and the grams that 0.7 kWh x 1.3 at 380 g/kWh stand for', () => {
  const factors = { gramsPerKWh: 380n, pue: parseDecimal('1.3') };
  const { x_EnergyKWh, x_CO2e } = focusRow({ ...charged, millijoules: 2_520_000_000n, factors });
  expect([x_EnergyKWh, x_CO2e]).toEqual(['0.7', '345.8']);
  expect(focusRow({ ...charged, millijoules: 2_520_000_000n }).x_CO2e).toBe('');
  expect(focusRow({ ...charged, factors })).toMatchObject({ x_EnergyKWh: '', x_CO2e: '' });
});

const use: WindowUse = {
  window: { start: charged.start, end: charged.end },
  capacity: [{ node: 'a', model: 'NVIDIA-L4', gpus: 4, region: 'eu-1', from: charged.start, to: charged.end }],
  held: ['acme', 'globex', 'initech'].map((tenant) => ({
    ...{ tenant, meter: 'm', node: 'a', model: 'NVIDIA-L4', profile: 'ts4', units: 1, holder: `${tenant}/pod` },
    ...{ from: charged.start, to: charged.end },
  })),
  samples: [],
};
const unusedOf = (policy: IdlePolicy): readonly FocusRow[] =>
  unusedRows({
    ...{ use, policy, customerOf: (tenant) => (tenant === 'acme' ? 'cus_acme' : undefined) },
    priceOf: () => ({ sku: 'l4', book: 'standard', version: 1, currency: 'usd', unitPrice: '0.069444444444' }),
  });

test.each<[IdlePolicy, number, string]>([
  [{ split: 'None', scope: 'Node' }, 1, ''],
  [{ split: 'Weighted', scope: 'Node' }, 3, 'idle-weighted-node'],
  [{ split: 'Even', scope: 'Cluster' }, 3, 'idle-even-cluster'],
])(
  'unused time split %o: every rule holds, a method iff split, parts add up exactly to 3.25 hours',
  (policy, count, method) => {
    const rows = unusedOf(policy);
    for (const row of rows) expect(rules.filter(([, holds]) => !holds(row)).map(([says]) => says)).toEqual([]);
    expect(rows.map(({ AllocatedMethodId }) => AllocatedMethodId)).toEqual(Array.from({ length: count }, () => method));
    const sum = (column: 'PricingQuantity' | 'EffectiveCost'): bigint =>
      rows.reduce((total, row) => total + scaled(row[column]), 0n);
    const origin = { quantity: 11_700n * 10n ** 20n, cost: 11_700n * 69_444_444_444n * 10n ** 6n };
    expect([sum('PricingQuantity'), sum('EffectiveCost')]).toEqual([origin.quantity, origin.cost]);
    expect(rows.every(({ BilledCost, InvoiceId }) => BilledCost === '0' && InvoiceId === '')).toBe(true);
  },
);
