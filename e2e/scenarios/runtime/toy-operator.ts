/** A small operator for the runtime's scenarios: one ConfigMap a toy. Runs in the test or as a process of its own. */
import { createLogger, createRegistry, type Logger } from '../../../operator/observability/index.ts';
import {
  type Controller,
  controller,
  createManager,
  loadCluster,
  type Manager,
} from '../../../operator/runtime/index.ts';
import { makeNote, Note, Toy } from '../../../operator/runtime/testing/index.ts';

/** Keeps one ConfigMap a toy, which holds its size; says so in events, and goodbye under a finalizer. */
export const toyMaker: Controller = controller(Toy)
  .owns(Note)
  .concurrency(4)
  .finalizer('example.com/toy', async (toy, ctx) => {
    ctx.event({ regarding: toy, kind: Toy, type: 'Normal', reason: 'ToyForgotten', action: 'Forget', note: 'goodbye' });
  })
  .reconcile(async (toy, ctx) => {
    const outcome = await makeNote(toy, ctx);
    ctx.event({
      regarding: toy,
      kind: Toy,
      type: 'Normal',
      reason: 'ToyMade',
      action: 'Make',
      note: 'the note is there',
    });
    return outcome;
  });

/** A manager for the toys. */
export async function toyManager(options: {
  readonly kubeconfig: string;
  readonly controllers?: readonly Controller[];
  readonly identity?: string;
  readonly namespace?: string;
  readonly log: Logger;
}): Promise<{ readonly manager: Manager; readonly metrics: () => Promise<string> }> {
  const { controllers = [toyMaker], identity, kubeconfig, log, namespace = 'toy-system' } = options;
  const registry = createRegistry();
  const manager = createManager({
    cluster: await loadCluster({ kubeconfig }),
    rooms: [{ name: 'toys', controllers, runnables: [] }],
    log,
    registry,
    http: { port: 0, host: '127.0.0.1' },
    leaderElection: identity === undefined ? undefined : { namespace, name: 'toys', identity },
  });
  return { manager, metrics: () => registry.metrics() };
}

async function main([kubeconfig, identity]: readonly string[]): Promise<void> {
  if (kubeconfig === undefined || identity === undefined)
    throw new TypeError('usage: toy-operator.ts KUBECONFIG IDENTITY');
  const end = new AbortController();
  process.once('SIGTERM', () => end.abort());
  const { manager } = await toyManager({ kubeconfig, identity, log: createLogger() });
  await manager.run(end.signal);
}

if (import.meta.main) await main(process.argv.slice(2));
