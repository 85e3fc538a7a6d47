/**
 * One step of one change, as a function of what is written on the node and what the world shows. Whatever is killed and
 * whenever: the next process calls the same function with the same arguments.
 */
import { heal, label, verify, wait } from './apply.ts';
import { cordon, drain } from './clear.ts';
import { end, type Move } from './moves.ts';
import type { Step } from './operation.ts';
import type { StepInput } from './world.ts';

type StepOf = (input: StepInput) => Move;

const stepOf: Readonly<Record<Step, StepOf>> = {
  Cordon: cordon, //    nothing new may come to the node
  Drain: drain, //      whoever is on a GPU that changes leaves, by eviction
  Label: label, //      one patch tells NVIDIA's components what is wanted
  Wait: wait, //        mig-manager works, stands still, fails or is done
  Verify: verify, //    the node advertises what was wanted
  Heal: heal, //        mig-manager is started again
  Uncordon: uncordon, //the change ends
  Degraded: degraded, //a person has to look
};

/** What to do next about a change. */
export function nextMove(input: StepInput): Move {
  const { operation, world } = input;
  // Somebody lifted our cordon: whatever cordon comes now is his.
  if (operation.cordon === 'Ours' && !world.unschedulable) {
    return { kind: 'Go', operation: { ...operation, cordon: 'Foreign' }, change: {} };
  }
  return stepOf[operation.step](input);
}

function uncordon({ operation, world, record, now }: StepInput): Move {
  return end(operation, world, record, now);
}

/** Stays until somebody takes the annotation away. */
function degraded(): Move {
  return { kind: 'Stay' };
}
