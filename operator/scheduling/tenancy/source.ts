import type { GPUPool, Tenant } from '../../api/index.ts';
import type { Holding, NodeFacts } from '../planner/index.ts';

/** What tenancy is read from. */
export interface TenancySource {
  readonly pools: readonly GPUPool[];
  readonly tenants: readonly Tenant[];
  readonly nodes: readonly NodeFacts[];
  /** Physical GPUs by pool. */
  readonly gpus: ReadonlyMap<string, number>;
  readonly held: readonly Holding[];
  readonly ends: ReadonlyMap<string, number>;
  readonly fixed: ReadonlySet<string>;
  readonly now: number;
}
