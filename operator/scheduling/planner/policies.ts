import { createBestFit } from './best-fit.ts';
import { createFgd } from './fgd.ts';
import { createPriced } from './priced/priced.ts';
import type { Scorer } from './scorer.ts';
import type { Snapshot } from './snapshot.ts';
import type { PlanPolicy, PolicyName } from './types.ts';

/** Every policy by name. A new one is a new entry here and a new name in POLICY_NAMES. */
const policies: Readonly<Record<PolicyName, (snapshot: Snapshot, policy: PlanPolicy) => Scorer>> = {
  'best-fit': (snapshot) => createBestFit(snapshot),
  fgd: (snapshot, policy) => createFgd(snapshot, policy.typical),
  gpuopt: (snapshot, policy) => createPriced(snapshot, policy.typical),
};

/** The scorer of a policy over one snapshot. */
export function createScorer(policy: PlanPolicy, snapshot: Snapshot): Scorer {
  return policies[policy.name](snapshot, policy);
}
