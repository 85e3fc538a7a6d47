import { type GPUPool, kinds } from '../../api/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { demandedTargets } from '../dynamic/decide.ts';
import { waitingRequests } from '../dynamic/observe.ts';
import type { Site } from '../sharing/site.ts';
import { type Installed, isMixed, worldOf } from '../world.ts';
import { decide, type PoolPlan, type Target } from './decide.ts';
import { type ChangeFacts, observeNodes, operandNamespace } from './observe.ts';

/** What one look at the cluster says about the changes of every pool. */
export interface Changes {
  readonly pools: readonly GPUPool[];
  readonly nodes: readonly ChangeFacts[];
  readonly plans: readonly PlanOf[];
}

/** The plan of a pool; without one, that of nodes which a pool let go during a change. */
export interface PlanOf {
  readonly pool?: GPUPool;
  readonly nodes: readonly ChangeFacts[];
  readonly site: Site;
  readonly demanded: readonly Target[];
  readonly plan: PoolPlan;
}

/** Looks at all pools, or at one. The pool's status and the acts both come from here, so they cannot differ. */
export function planChanges(reader: Reader, installed: Installed, now: Date, only?: string): Changes {
  const pools = reader.list(kinds.GPUPool).filter(({ metadata }) => only === undefined || metadata.name === only);
  const nodes = observeNodes(reader, now);
  const namespace = operandNamespace(reader);
  const planFor = (pool: GPUPool | undefined): PlanOf => {
    const own = nodes.filter((facts) => facts.pool?.metadata.name === pool?.metadata.name);
    const site: Site = {
      world: worldOf(
        installed,
        own.map(({ world }) => world.node),
      ),
      mixed: isMixed(installed),
      policy: installed.policy,
      namespace,
    };
    const demanded = pool === undefined ? [] : demandedTargets(pool, own, waitingRequests(reader, pool, now), now);
    return { pool, nodes: own, site, demanded, plan: decide({ pool, nodes: own, site, demanded, now }) };
  };
  return { pools, nodes, plans: [...pools, ...(only === undefined ? [undefined] : [])].map(planFor) };
}
