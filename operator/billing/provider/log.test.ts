import { expect, test } from 'vitest';

import { kinds } from '../../api/index.ts';
import { type Clock, createLogger } from '../../observability/index.ts';
import { runPass } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sendDue } from '../outbox/sender.ts';
import { createSinks } from '../sinks/registry.ts';
import { provider } from '../testing/catalog-world.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { MemoryMark } from '../testing/memory-mark.ts';
import { billingProviderController } from './controller.ts';

const store = storeForFile();

test('a log gets each row as a line, and one that could not be written again, the same', async () => {
  let now = Date.parse('2026-01-01T02:00:00Z');
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const lines: string[] = [];
  let broken = true;
  const sinks = createSinks(clock);
  const controller = billingProviderController({
    ...{ store: store(), sinks, sources: new Map(), clock, operatorNamespace: 'gpuopt-system' },
    writeLine: async (line) => {
      lines.push(line);
      if (broken) throw new Error('EPIPE');
    },
  });
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  const world = provider('', { type: 'Log', secretRef: undefined, catalog: undefined, endpoint: undefined });
  const pass = async (): Promise<unknown> => {
    const output = await runPass(controller, { world, key: { name: 'stripe' }, now: new Date(now) });
    return output
      .get(kinds.BillingProvider, { name: 'stripe' })
      ?.status?.conditions?.find(({ type }) => type === 'Ready');
  };
  const send = async (): Promise<number> =>
    await sendDue(
      { store: store(), clock, log: createLogger({ level: 'silent' }), sinks, mark: new MemoryMark() },
      new AbortController().signal,
    );

  expect(await pass()).toMatchObject({ status: 'True', reason: 'Accepting' });
  const window = await sealWindow(store(), '2026-01-01T00:00:00Z', 3600n);
  await store().fence.within((trx) => freezeSealed(trx, [window]));
  expect(await send()).toBe(1);
  broken = false;
  now += 25 * 3_600_000;
  await pass();
  expect([await send(), await send()]).toEqual([1, 0]);

  expect(lines[1]).toBe(lines[0]);
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    ...{ specversion: '1.0', type: 'gpu_seconds__l4', subject: 'cus_acme', time: '2026-01-01T00:59:59.000Z' },
    data: { value: '3600', unit: 'GPU-seconds', mode: 'test' },
  });
  const rows = await store().db.selectFrom('outbox').select(['state', 'identifier']).execute();
  expect(rows).toEqual([{ state: 'ACCEPTED', identifier: JSON.parse(lines[0] ?? '').id }]);
});
