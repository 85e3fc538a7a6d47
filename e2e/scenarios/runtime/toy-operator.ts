/** A small operator for the runtime's scenarios: one ConfigMap a toy. Runs in the test or as a process of its own. */
import { createLogger, createRegistry, type Logger } from '../../../operator/observability/index.ts';
import {
  type Controller,
  controller,
  createManager,
  type Kind,
  type KubeObject,
  loadCluster,
  type Manager,
} from '../../../operator/runtime/index.ts';

/** A toy: a custom resource of the scenarios. */
export interface Toy extends KubeObject {
  readonly spec: { readonly size: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly size?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: 'True' | 'False' | 'Unknown';
      readonly reason: string;
      readonly message: string;
      readonly lastTransitionTime: string;
      readonly observedGeneration?: number;
    }[];
  };
}

/** A ConfigMap. */
export interface Note extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** The kind Toy. */
export const Toy: Kind<Toy> = {
  group: 'toys.gpuoptimizer.io',
  version: 'v1',
  kind: 'Toy',
  plural: 'toys',
  scope: 'Namespaced',
};

/** The kind ConfigMap. */
export const Note: Kind<Note> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
};

/** Keeps one ConfigMap a toy, which holds its size. */
export const toyMaker: Controller = controller(Toy)
  .owns(Note)
  .concurrency(4)
  .finalizer('toys.gpuoptimizer.io/toy', async (toy, ctx) => {
    ctx.event({ regarding: toy, kind: Toy, type: 'Normal', reason: 'ToyForgotten', action: 'Forget', note: 'goodbye' });
  })
  .reconcile(async (toy, ctx) => {
    const { namespace, name = '' } = toy.metadata;
    await ctx.apply(Note, { metadata: { namespace, name }, data: { size: String(toy.spec.size) } });
    ctx.event({
      regarding: toy,
      kind: Toy,
      type: 'Normal',
      reason: 'ToyMade',
      action: 'Make',
      note: 'the note is there',
    });
    const message = 'the note holds the size';
    return {
      status: { size: toy.spec.size, conditions: [{ type: 'Ready', status: 'True', reason: 'InForce', message }] },
    };
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
