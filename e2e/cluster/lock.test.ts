import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { takeLock } from './lock.ts';

describe('takeLock', () => {
  it('names the holder and what it is doing when the lock is held', async () => {
    const name = randomUUID();
    const lock = await takeLock(name, 'starting the cluster', { wait: false });
    await expect(takeLock(name, 'stopping', { wait: false })).rejects.toMatchObject({
      code: 'ClusterBusy',
      message: expect.stringContaining(`process ${process.pid} is starting the cluster`),
    });
    await lock.release();
  });

  it('is free again after release', async () => {
    const name = randomUUID();
    await (await takeLock(name, 'first', { wait: false })).release();
    await (await takeLock(name, 'second', { wait: false })).release();
  });

  it('lets one waiter after the other in', async () => {
    const name = randomUUID();
    const order: string[] = [];
    const first = await takeLock(name, 'first', { wait: false });
    const waiters = ['a', 'b'].map(async (who) => {
      const lock = await takeLock(name, who, { wait: true });
      order.push(`${who} in`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${who} out`);
      await lock.release();
    });
    expect(order).toEqual([]);
    await first.release();
    await Promise.all(waiters);
    expect([
      ['a in', 'a out', 'b in', 'b out'],
      ['b in', 'b out', 'a in', 'a out'],
    ]).toContainEqual(order);
  });

  it('is free again when its holder is killed', async () => {
    const name = randomUUID();
    const script = `import { takeLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
      await takeLock(${JSON.stringify(name)}, 'holding', { wait: false });
      console.log('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect(takeLock(name, 'us', { wait: false })).rejects.toMatchObject({ code: 'ClusterBusy' });
    child.kill('SIGKILL');
    const lock = await takeLock(name, 'us', { wait: true });
    await lock.release();
  });
});
