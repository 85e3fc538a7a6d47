import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';

import { createLogger, systemClock } from '../observability/index.ts';
import { lockFileName } from './folder-lock.ts';
import { openStore, type Store } from './index.ts';

const log = createLogger({ level: 'silent' });
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gpuopt-store-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function open(dataDir: string): Promise<Store> {
  const store = await openStore({ dataDir, log, clock: systemClock });
  cleanups.push(() => store.close());
  return store;
}

test('a folder keeps what was written, and migrating twice changes nothing', async () => {
  const dataDir = await folder();
  const first = await open(dataDir);
  await first.migrate();
  expect(await first.fence.epoch()).toBe(1n);
  await first.close();
  const second = await open(dataDir);
  await second.migrate();
  expect(await second.fence.epoch()).toBe(2n);
});

test('a superseded leader is refused', async () => {
  const store = await open(':memory:');
  await store.migrate();
  await store.fence.within((trx) => trx.selectFrom('leader_epoch').select('epoch').execute());
  await store.db.updateTable('leader_epoch').set({ epoch: 99n, holder: 'successor' }).execute();
  await expect(store.fence.within(async () => 'written')).rejects.toThrow(
    'this process leads under epoch 1, but successor has taken epoch 99',
  );
});

test('two transactions at once stay apart: the rollback of one does not take the other', async () => {
  const store = await open(':memory:');
  await store.migrate();
  const fails = store.db.transaction().execute(async (trx) => {
    await trx.updateTable('leader_epoch').set({ holder: 'lost' }).execute();
    await delay(50);
    throw new Error('roll back');
  });
  const holds = store.db.transaction().execute(async (trx) => {
    await trx.updateTable('leader_epoch').set({ epoch: 5n }).execute();
  });
  await expect(fails).rejects.toThrow('roll back');
  await holds;
  expect(await store.db.selectFrom('leader_epoch').select(['epoch', 'holder']).execute()).toEqual([
    { epoch: 5n, holder: 'nobody' },
  ]);
});

const holderScript = `
import { openStore } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
import { createLogger, systemClock } from ${JSON.stringify(new URL('../observability/index.ts', import.meta.url).href)};
const store = await openStore({ dataDir: process.argv[1], log: createLogger({ level: 'silent' }), clock: systemClock });
await store.migrate();
process.stdout.write('open\\n');
setInterval(() => {}, 1000);
`;

test('a second process is told who holds the folder, the first is unharmed, and a dead holder is succeeded', async () => {
  const dataDir = await folder();
  const holder = spawn(process.execPath, ['--input-type=module', '-e', holderScript, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(async () => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  await expect(openStore({ dataDir, log, clock: systemClock })).rejects.toMatchObject({
    code: 'StoreLocked',
    message: expect.stringContaining(`is held by process ${holder.pid}: stop it first (kill ${holder.pid})`),
  });
  expect(JSON.parse(await readFile(join(dataDir, lockFileName), 'utf8'))).toMatchObject({ pid: holder.pid });
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  const successor = await open(dataDir);
  expect(await successor.fence.epoch()).toBe(1n);
});

test.each([
  ['a live pid whose start time differs', { startTicks: '1' }, 'opens'],
  ['another container that is silent for an hour', { domain: 'elsewhere', silentMillis: 3_600_000 }, 'opens'],
  ['another container that beat just now', { domain: 'elsewhere', silentMillis: 0 }, 'refuses'],
] as const)('a lock left by %s: the next process %s', async (_, lock, outcome) => {
  const dataDir = await folder();
  const probe = await openStore({ dataDir, log, clock: systemClock });
  const own: object = JSON.parse(await readFile(join(dataDir, lockFileName), 'utf8'));
  await probe.close();
  await writeFile(join(dataDir, lockFileName), JSON.stringify({ ...own, ...lock, nonce: 'other' }));
  const silent = 'silentMillis' in lock ? lock.silentMillis : 0;
  const clock = { ...systemClock, now: () => Date.now() + silent };
  const opening = openStore({ dataDir, log, clock });
  if (outcome === 'refuses') {
    await expect(opening).rejects.toMatchObject({ code: 'StoreLocked' });
    return;
  }
  await (await opening).close();
});

test.each([
  ['goes on when the lock is still its own', false],
  ['is refused when another has taken the lock over', true],
])('a process that was stopped for more than a minute %s', async (_, isTaken) => {
  const dataDir = await folder();
  let stoppedFor = 0;
  const clock = { ...systemClock, monotonic: () => performance.now() + stoppedFor };
  const store = await openStore({ dataDir, log, clock });
  cleanups.push(() => store.close());
  await store.migrate();
  const lock = join(dataDir, lockFileName);
  const own: object = JSON.parse(await readFile(lock, 'utf8'));
  if (isTaken) await writeFile(lock, JSON.stringify({ ...own, nonce: 'rival' }));
  stoppedFor = 70_000;
  const reading = store.db.selectFrom('leader_epoch').select('epoch').execute();
  if (isTaken) await expect(reading).rejects.toMatchObject({ code: 'StoreLocked' });
  else expect(await reading).toHaveLength(1);
});

test('a holder that was silent and taken for dead writes nothing more, not even what it had begun', async () => {
  const dataDir = await folder();
  let late = 0;
  const store = await openStore({ dataDir, log, clock: { ...systemClock, monotonic: () => performance.now() + late } });
  cleanups.push(() => store.close());
  await store.migrate();
  const path = join(dataDir, lockFileName);
  const own: object = JSON.parse(await readFile(path, 'utf8'));
  const begun = store.db.transaction().execute(async (trx) => {
    await trx.updateTable('leader_epoch').set({ holder: 'begun' }).execute();
    await writeFile(path, JSON.stringify({ ...own, nonce: 'other', pid: 4711 }));
    late = 60_000;
  });
  const taken = { code: 'StoreLocked', message: expect.stringContaining('is held by process 4711 now') };
  await expect(begun).rejects.toMatchObject(taken);
  await expect(store.db.selectFrom('leader_epoch').selectAll().execute()).rejects.toMatchObject(taken);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ nonce: 'other' });
});

test('a server that does not answer is named without its password', async () => {
  const opening = openStore({ url: 'postgres://gpuopt:hunter2@127.0.0.1:1/gpuopt', log, clock: systemClock });
  await expect(opening).rejects.toMatchObject({ code: 'StoreUnreachable' });
  await expect(opening).rejects.not.toThrow('hunter2');
});

test.each([
  'postgres://gpuopt:hunter2@127.0.0.1:1/gpuopt',
  'postgres://127.0.0.1:1/gpuopt?user=gpuopt&password=hunter2',
])('a database that does not answer is named without its password: %s', async (url) => {
  const failure = await openStore({ url, log, clock: systemClock }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'StoreUnreachable' });
  expect(String(failure)).toContain('127.0.0.1:1/gpuopt');
  expect(String(failure)).not.toContain('hunter2');
});
