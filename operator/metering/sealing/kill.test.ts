import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

import { createLogger, systemClock } from '../../observability/index.ts';
import { openStore } from '../../store/index.ts';
import { writePlan } from '../repository.ts';
import { sealDue } from './sealer.ts';

const log = createLogger({ level: 'silent' });
const folder = await mkdtemp(join(tmpdir(), 'gpuopt-kill-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const from = Date.parse('2026-01-01T00:00:00.250Z');
const to = Date.parse('2026-01-02T00:00:00.750Z');
const href = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** Seals minute windows and stops inside the transaction of the one numbered `at`, where it is killed. */
const script = `
import { openStore } from ${href('../../store/index.ts')};
import { createLogger, systemClock } from ${href('../../observability/index.ts')};
import { sealDue } from ${href('./sealer.ts')};
const [dataDir, at] = process.argv.slice(1);
const store = await openStore({ dataDir, log: createLogger({ level: 'silent' }), clock: systemClock });
let windows = 0;
const onSealed = async () => {
  windows += 1;
  if (windows < Number(at)) return;
  process.stdout.write('inside\\n');
  await new Promise(() => setInterval(() => {}, 1000));
};
await sealDue({ store, clock: systemClock, windowSeconds: 60, graceSeconds: 0, onSealed }, new AbortController().signal);
`;

test('kill -9 in the middle of sealing, again and again: nothing is lost, nothing is doubled', async () => {
  const dataDir = join(folder, 'data');
  const first = await openStore({ dataDir, log, clock: systemClock });
  await first.migrate();
  const device = {
    deviceKey: 'nvidia.com/gpu',
    model: 'NVIDIA-L4',
    profile: 'full',
    meter: 'gpu_seconds__nvidia_l4__full',
  };
  const place = { namespace: 'acme', pod: 'p', node: 'l4', tenant: 'acme' };
  const interval = { ...device, ...place, uid: 'p', units: 3, openedAt: from, end: { at: to, estimated: false } };
  await writePlan(first, { open: [interval], close: [], release: [] }, to + 120_000);
  await first.close();
  for (const at of [1, 2, 7, 40, 173]) {
    const sealer = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir, String(at)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(sealer.stdout, 'data');
    const gone = once(sealer, 'exit');
    sealer.kill('SIGKILL');
    await gone;
  }
  const store = await openStore({ dataDir, log, clock: systemClock });
  const options = { store, clock: systemClock, windowSeconds: 60, graceSeconds: 0, onSealed: async () => undefined };
  while ((await sealDue(options, new AbortController().signal)) > 0);
  const rows = await store.db.selectFrom('usage_window').selectAll().orderBy('window_start').execute();
  await store.close();
  expect(rows).toHaveLength(24 * 60 + 1);
  expect(new Set(rows.map((row) => row.window_start.getTime())).size).toBe(rows.length);
  const emitted = rows.reduce((sum, row) => sum + BigInt(row.quantity), 0n);
  expect(emitted).toBe((BigInt(to - from) * 3n) / 1000n);
}, 300_000);
