import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createLogger, systemClock } from '../../observability/index.ts';
import { openStore } from '../../store/index.ts';
import { type StartedPostgres, startPostgres } from '../../store/testing/index.ts';
import { billPreview } from '../bill/preview.ts';
import { focusReport } from '../focus/report.ts';
import { reconcileReport } from '../reconcile/report.ts';
import { revenueReport } from '../revenue/report.ts';
import { verifyReport } from '../verify/report.ts';
import type { Report } from './report.ts';
import { usageReport } from './show.ts';
import { ask } from './source.ts';

const deps = { log: createLogger({ level: 'silent' }), clock: systemClock };
let server: StartedPostgres;
let url: URL;
beforeAll(async () => {
  server = await startPostgres();
  if ('unavailable' in server) return;
  url = new URL(await server.database());
  const store = await openStore({ url: url.toString(), ...deps });
  await store.migrate();
  await store.close();
});
afterAll(async () => {
  if ('stop' in server) await server.stop();
});

/** Does something as the database's administrator. */
async function administer(...statements: readonly string[]): Promise<void> {
  const store = await openStore({ url: url.toString(), ...deps });
  for (const statement of statements) await sql.raw(statement).execute(store.db);
  await store.close();
}

const reports: readonly Report<object>[] = [
  ...[usageReport, billPreview, focusReport, reconcileReport, verifyReport, revenueReport],
];

test('a login that may only read gets every report, and a database of another version is left as it is', async (ctx) => {
  if ('unavailable' in server) return ctx.skip(server.unavailable);
  await administer('CREATE ROLE finance LOGIN', 'GRANT gpuopt_reader TO finance');
  url.username = 'finance';
  const databaseUrl = url.toString();
  url.username = 'postgres';
  for (const report of reports)
    expect(await ask(report, { tenant: 'acme' }, { databaseUrl }, deps)).toBeTypeOf('object');

  await administer(`DELETE FROM schema_migration WHERE name = '0021-credits'`);
  for (const report of reports) {
    await expect(ask(report, { tenant: 'acme' }, { databaseUrl: url.toString() }, deps)).rejects.toMatchObject({
      code: 'StoreVersion',
      message: expect.stringContaining('gpuopt store migrate'),
    });
  }
});
