import { expect, test } from 'vitest';

import { kinds } from '../../api/index.ts';
import { runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { billingLinksController } from '../links.ts';
import { seedPrices } from '../testing/ledger.ts';
import { readTerms } from './terms.ts';

const store = storeForFile();
const apiVersion = 'gpuoptimizer.io/v1alpha1';
const january = { start: Date.parse('2026-01-01T00:00:00Z'), end: Date.parse('2026-02-01T00:00:00Z') };

const tenant = (spec: object, metadata: object = {}): Thing =>
  thing(kinds.Tenant, {
    ...{ apiVersion, kind: 'Tenant', metadata: { name: 'acme', uid: 'acme', ...metadata } },
    spec: { selector: { namespaces: ['acme'] }, ...spec },
  });
const billing = { providerRef: { name: 'stripe' } };
const acme = tenant({ planRef: { name: 'gold' }, billing });
const plan = (name: string, spec: object): Thing =>
  thing(kinds.BillingPlan, {
    ...{ apiVersion, kind: 'BillingPlan', metadata: { name } },
    spec: { book: 'standard', ...spec },
  });

type Pass = readonly [time: string, world: readonly Thing[]];

/** Worlds one after the other, each from a time on; then the terms, `plan [from, to) currency fee minimum..maximum`. */
async function history(...passes: readonly Pass[]) {
  await seedPrices(store(), [{ version: 1, from: '2026-01-02T00:00:00Z', perHour: '2.50' }]);
  for (const [time, world] of passes) {
    const output = await runPass(billingLinksController(store()), { world, now: new Date(`2026-01-${time}Z`) });
    expect(output.result).toMatchObject({ result: 'success' });
  }
  const when = (at: number): string => (at === Number.MAX_SAFE_INTEGER ? '…' : new Date(at).toISOString().slice(8, 19));
  const terms = await readTerms(store().db, january, 'acme');
  return terms.map((term) => {
    const bounds = [term.minimum ?? '', term.maximum ?? ''].map((bound) => String(bound).replace(/0{12}$/, ''));
    return `${term.plan} [${when(term.start)}, ${when(term.end)}) ${term.fee / 10n ** 12n} ${term.currency} ${bounds.join('..')}`;
  });
}

test.each<[string, readonly Pass[], readonly string[]]>([
  ['is on no plan', [['05T10:00:00', [tenant({ billing })]]], []],
  ['is charged by nobody', [['05T10:00:00', [tenant({ planRef: { name: 'gold' } }), plan('gold', {})]]], []],
  ['names a plan whose list is not in force yet', [['01T10:00:00', [acme, plan('gold', {})]]], []],
  [
    'is on a plan, seen twice, from the whole second on',
    [
      ['05T10:00:00.999', [acme, plan('gold', { recurringFee: '99.5', commitment: { minimum: '500' } })]],
      ['05T10:00:30', [acme, plan('gold', { recurringFee: '99.50', commitment: { minimum: '500.00' } })]],
    ],
    ['gold [05T10:00:00, …) 9950 usd 50000..'],
  ],
  [
    'sees his plan change, and leaves it',
    [
      ['05T10:00:00', [acme, plan('gold', { recurringFee: '1' })]],
      ['06T10:00:00', [acme, plan('gold', { recurringFee: '1', commitment: { maximum: '2' } })]],
      ['07T10:00:00', [acme, plan('gold', { recurringFee: '2', commitment: { maximum: '2' } })]],
      ['08T10:00:00', [tenant({ billing })]],
      ['09T10:00:00', [acme, plan('gold', { recurringFee: '2' })]],
    ],
    [
      'gold [05T10:00:00, 06T10:00:00) 100 usd ..',
      'gold [06T10:00:00, 07T10:00:00) 100 usd ..200',
      'gold [07T10:00:00, 08T10:00:00) 200 usd ..200',
      'gold [09T10:00:00, …) 200 usd ..',
    ],
  ],
  [
    'is being deleted, then gone',
    [
      ['05T10:00:00', [acme, plan('gold', {})]],
      [
        '06T10:00:00',
        [
          tenant(
            { planRef: { name: 'gold' }, billing },
            { deletionTimestamp: '2026-01-06T09:59:59Z', finalizers: ['x'] },
          ),
          plan('gold', {}),
        ],
      ],
      ['07T10:00:00', [plan('gold', {})]],
    ],
    ['gold [05T10:00:00, 06T10:00:00) 0 usd ..'],
  ],
  [
    'is on a plan whose minimum is above its maximum',
    [['05T10:00:00', [acme, plan('gold', { recurringFee: '1', commitment: { minimum: '10', maximum: '9.99' } })]]],
    ['gold [05T10:00:00, …) 100 usd ..'],
  ],
  [
    'sees a change in the same second, which is written a pass later, and none while the clock is behind',
    [
      ['05T10:00:00.1', [acme, plan('gold', {})]],
      ['05T10:00:00.9', [tenant({ billing })]],
      ['05T09:59:00', [tenant({ billing })]],
      ['05T10:00:30', [tenant({ billing })]],
    ],
    ['gold [05T10:00:00, 05T10:00:30) 0 usd ..'],
  ],
])('what is known of a tenant who %s', async (_, passes, expected) => {
  expect(await history(...passes)).toEqual(expected);
});

test('the terms of a span are those that reach into it', async () => {
  await history(['31T10:00:00', [acme, plan('gold', {})]]);
  expect(await readTerms(store().db, { start: 0, end: Date.parse('2026-01-31T10:00:00Z') })).toEqual([]);
  const february = { start: january.end, end: january.end + 1000 };
  expect(await readTerms(store().db, february)).toMatchObject([{ tenant: 'acme', plan: 'gold' }]);
});
