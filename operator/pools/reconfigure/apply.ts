/** The steps in which NVIDIA's components work: told once, watched, started again when they stand still, and verified. */
import { label as name } from '../nvidia/labels.ts';
import { advertises, type Geometry, sameCut } from '../sharing/geometry.ts';
import { inTheWay } from './clear.ts';
import { aim, back, DEPLOY_LABELS, go, type Move, PAUSED, undo } from './moves.ts';
import type { Operation } from './operation.ts';
import type { NodeWorld, StepInput } from './world.ts';

/** mig-manager sees the label's way through "absent" only if both changes reach it one after the other. */
const TOGGLE_MILLIS = 2_000;
/** The kubelet brings a new layout into mig-manager's volume within about a minute and a half; until then its name fails. */
const SYNC_RETRY_MILLIS = 30_000;
const SYNC_RETRIES = 4;
/** mig-manager with nobody to wait for cuts, resets or reboots; longer than this it does not come back. */
const WORKING_MILLIS = 900_000;
const VERIFY_MILLIS = 180_000;
const MOST_HEALS = 2;

/** Tells NVIDIA's components what is wanted, in one patch that takes the old state along. Never before the node is drained. */
export function label({ operation, world, policy, now }: StepInput): Move {
  if (operation.direction === 'Forward' && world.owner !== undefined) {
    return undo(operation, `${world.owner} took the node`, now);
  }
  if (!world.unschedulable) return undo(operation, 'somebody uncordoned the node', now);
  if (inTheWay(operation, world.holders).length > 0) {
    const deadline = new Date(now.getTime() + policy.drainTimeoutSeconds * 1000).toISOString();
    return go(operation, 'Drain', now, { deadline });
  }
  const wanted = aim(operation);
  const cut = wanted.mig !== undefined && changesCut(operation);
  const labels = labelsOf(world);
  // mig-manager acts on a changed value only.
  if (cut && labels[name.migConfig] === wanted.mig) return go(operation, 'Heal', now);
  const pause = Date.parse(operation.since) + TOGGLE_MILLIS - now.getTime();
  if (operation.toggled === 'Yes' && pause > 0) return { kind: 'Stay', after: pause };
  const deploy = operation.deploy ?? deployLabels(world);
  const change = {
    labels: {
      [name.pluginConfig]: wanted.plugin ?? null,
      ...(cut && { [name.migConfig]: wanted.mig ?? null, [name.migState]: null }),
    },
  };
  return cut
    ? go(operation, 'Wait', now, { deploy }, change)
    : go(operation, 'Verify', now, { deploy, deadline: verifyUntil(now) }, change);
}

/** Whether mig-manager has a part in the change. */
function changesCut({ target, previous }: Operation): boolean {
  const [before, after] = [previous.layout, target.layout];
  if (before === undefined || after === undefined || before.length !== after.length) return true;
  return before.some((cut, index) => !sameCut(cut, after[index] ?? {}));
}

/** Waits for mig-manager's word. A word is not believed before the node advertises the geometry. */
export function wait(input: StepInput): Move {
  const { operation, world, now } = input;
  const labels = labelsOf(world);
  const wanted = aim(operation).mig;
  if (labels[name.migConfig] !== wanted) {
    return back(operation, `somebody set ${name.migConfig} to ${labels[name.migConfig] ?? 'nothing'}`, now);
  }
  const state = labels[name.migState];
  if (state === 'success') return go(operation, 'Verify', now, { deadline: verifyUntil(now) });
  if (state === 'failed') return failed(operation, wanted, now);
  return stuck(input, state);
}

/** A name that is newer than the mounted file fails: it is tried again before it counts. */
function failed(operation: Operation, wanted: string | undefined, now: Date): Move {
  if (operation.worked === 'Yes' || operation.retries >= SYNC_RETRIES)
    return back(operation, `mig-manager failed to apply ${wanted}`, now);
  const remaining = Date.parse(operation.since) + SYNC_RETRY_MILLIS - now.getTime();
  if (remaining > 0) return { kind: 'Stay', after: remaining, why: `mig-manager refused ${wanted}; it is tried again` };
  return go(operation, 'Heal', now, { retries: operation.retries + 1 });
}

/** A mig-manager that gave up leaves `pending` for ever; that its first remaining pod is the same all the time tells it. */
function stuck({ operation, world, policy, now }: StepInput, state: string | undefined): Move {
  const pod = world.operands[0] ?? '';
  const { stuck: known } = operation;
  const works = state === 'pending' || state === 'rebooting';
  if (known?.pod !== pod || (works && operation.worked === undefined)) {
    const since = known === undefined ? operation.since : now.toISOString();
    const seen = { stuck: { pod, since }, ...(works && { worked: 'Yes' as const }) };
    return { kind: 'Go', operation: { ...operation, ...seen }, change: {} };
  }
  const wedge = policy.wedgeAfterSeconds * 1000;
  const patience = pod === '' && state !== undefined ? Math.max(wedge, WORKING_MILLIS) : wedge;
  const remaining = Date.parse(known.since) + patience - now.getTime();
  const what = state === undefined ? 'mig-manager has not answered' : `mig-manager says ${state}`;
  const why = pod === '' ? what : `${what} and waits for pod ${pod} to go`;
  if (remaining > 0) return { kind: 'Stay', after: remaining, why };
  if (operation.heals >= MOST_HEALS)
    return back(operation, `${why}; starting it again ${MOST_HEALS} times did not help`, now);
  return go(operation, 'Heal', now, { heals: operation.heals + 1 });
}

/** Takes mig-manager's label away and lets its components run again; the label comes back in the step after. */
export function heal({ operation, world, now }: StepInput): Move {
  const labels = labelsOf(world);
  const restored = Object.entries(operation.deploy ?? {}).filter(([key]) => labels[key] === PAUSED);
  const change = {
    labels: { ...Object.fromEntries(restored), [name.migConfig]: null, [name.migState]: null },
  };
  return go(operation, 'Label', now, { toggled: 'Yes' }, change);
}

/** The node must advertise what was wanted, with its components back, before pods may come. */
export function verify({ operation, world, now }: StepInput): Move {
  const wanted = aim(operation);
  if (isBack(world, wanted)) {
    const outcome = operation.direction === 'Forward' ? 'Done' : 'RolledBack';
    return go(operation, 'Uncordon', now, { outcome });
  }
  const remaining = Date.parse(operation.deadline ?? operation.since) - now.getTime();
  if (remaining > 0) return { kind: 'Stay', after: remaining, why: 'the node does not advertise what was wanted yet' };
  return back(operation, `the node did not advertise what was wanted within ${VERIFY_MILLIS / 1000} s`, now);
}

function isBack(world: NodeWorld, wanted: Geometry): boolean {
  const paused = Object.values(labelsOf(world)).includes(PAUSED);
  return world.ready && !paused && advertises(world.node, wanted);
}

function verifyUntil(now: Date): string {
  return new Date(now.getTime() + VERIFY_MILLIS).toISOString();
}

function labelsOf({ node }: NodeWorld): Readonly<Record<string, string>> {
  return node.metadata.labels ?? {};
}

function deployLabels(world: NodeWorld): Readonly<Record<string, string>> {
  const labels = labelsOf(world);
  return Object.fromEntries(
    DEPLOY_LABELS.flatMap((key) => {
      const value = labels[key];
      return value === undefined || value === PAUSED ? [] : [[key, value]];
    }),
  );
}
