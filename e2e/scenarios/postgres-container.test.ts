import { GenericContainer, Wait } from 'testcontainers';
import { expect, test } from 'vitest';
import { createLogger, systemClock } from '../../operator/observability/index.ts';
import { openStore } from '../../operator/store/index.ts';
import { tryCommand } from '../cluster/commands.ts';

const PASSWORD = 'scenario';

/** The version of PostgreSQL that production is told to use; its twin without a container engine is in operator/store. */
const IMAGE = 'postgres:18-alpine';

test('the migrations run on PostgreSQL in a container', async (context) => {
  const engine = await tryCommand(['docker', 'info']).catch(() => undefined);
  if (engine?.code !== 0) {
    context.skip(
      'postgres-testcontainer: no container engine answers; the embedded PostgreSQL runs the same migrations',
    );
  }
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({ POSTGRES_PASSWORD: PASSWORD })
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage('database system is ready to accept connections', 2))
    .start();
  const url = `postgres://postgres:${PASSWORD}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  const store = await openStore({ url, log: createLogger({ level: 'warn', destination: 2 }), clock: systemClock });
  try {
    await store.migrate();
    await store.migrate();
    expect(await store.db.selectFrom('usage_window').selectAll().execute()).toEqual([]);
  } finally {
    await store.close();
    await container.stop();
  }
});
