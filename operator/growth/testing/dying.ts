import type { Mailer } from '../mail/smtp.ts';
import type { RunStore } from '../run/contract.ts';

/** The process dies: from now on no call of the store or the server comes back. */
class Crash extends Error {}

/** Before or after which call the process dies. */
export interface DeathPoint {
  readonly at: keyof RunStore | 'send';
  readonly when: 'before' | 'after';
}

/** A store and a mailer that die at the `n`th call of the point; once dead they do nothing more, not even say why. */
export function dying(
  runs: RunStore,
  point: DeathPoint,
  n: number,
): { readonly store: RunStore; readonly wrap: (mailer: Mailer) => Mailer } {
  let calls = 0;
  let dead = false;
  const around = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    if (dead) throw new Crash(name);
    const hit = name === point.at && ++calls === n;
    if (hit && point.when === 'before') dead = true;
    if (dead) throw new Crash(name);
    const result = await work();
    if (!hit) return result;
    dead = true;
    throw new Crash(name);
  };
  const methods = Object.entries(runs).map(([name, method]) => [
    name,
    (...args: unknown[]) => around(name, () => (method as (...values: unknown[]) => Promise<unknown>)(...args)),
  ]);
  return {
    store: Object.fromEntries(methods) as RunStore,
    wrap: (mailer) => ({ send: (mail) => around('send', () => mailer.send(mail)), close: () => mailer.close() }),
  };
}
