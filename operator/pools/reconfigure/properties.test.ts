import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inTheWay } from './clear.ts';
import type { Move } from './moves.ts';
import type { Operation, Step } from './operation.ts';
import { cut, holder, NOW, operation, policy, type WorldOptions, whole, world } from './step.fixture.ts';
import { nextMove } from './step.ts';

const migConfig = 'nvidia.com/mig.config';
const migState = 'nvidia.com/mig.config.state';

/** What anybody may do to the node between two looks. */
interface Turn {
  readonly seconds: number;
  readonly state?: string;
  readonly advertises: NonNullable<WorldOptions['advertises']>;
  readonly holders: readonly string[];
  readonly owner?: string;
  readonly ready: boolean;
  /** Somebody cordons or uncordons the node. */
  readonly cordon?: boolean;
  /** Somebody sets the label of mig-manager. */
  readonly label?: string;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  seconds: fc.integer({ min: 1, max: 600 }),
  state: fc.constantFrom(undefined, 'pending', 'rebooting', 'success', 'failed'),
  advertises: fc.constantFrom('whole', 'cut', 'stale', 'nothing'),
  holders: fc.constantFrom([], [], [], ['nvidia.com/gpu'], ['nvidia.com/mig-1g.10gb']),
  owner: fc.constantFrom(undefined, undefined, undefined, undefined, 'NVSentinel'),
  ready: fc.boolean(),
  cordon: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, true, false),
  label: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, undefined, 'all-1g.10gb'),
});

const steps: readonly Step[] = ['Cordon', 'Drain', 'Label', 'Wait', 'Verify', 'Heal', 'Uncordon'];

/** A node on which everybody does as they like, and the change that this operator makes of it. */
class Node {
  operation: Operation | undefined;
  cordoned: boolean;
  /** Whether somebody else wants the node cordoned. */
  foreign = false;
  readonly labels: Record<string, string> = {};
  now = NOW.getTime();

  constructor(begun: Operation) {
    this.operation = begun;
    this.cordoned = begun.step !== 'Cordon';
    this.foreign = begun.cordon === 'Foreign';
  }

  take({ seconds, cordon, label, state, ...seen }: Turn): void {
    this.now += seconds * 1000;
    if (cordon !== undefined) {
      this.foreign = cordon && (this.foreign || !this.cordoned);
      this.cordoned = cordon;
    }
    if (label !== undefined) this.labels[migConfig] = label;
    if (state !== undefined && this.labels[migConfig] !== undefined) this.labels[migState] = state;
    if (this.operation === undefined) return;
    const holders = seen.holders.map((resource) => holder(resource, resource));
    const view = world({
      advertises: seen.advertises,
      holders,
      owner: seen.owner,
      ready: seen.ready,
      unschedulable: this.cordoned,
      labels: this.labels,
    });
    const now = new Date(this.now);
    const input = { operation: this.operation, world: view, record: { changes: [] }, policy, now };
    this.#write(this.operation, nextMove(input), view);
  }

  #write(before: Operation, move: Move, view: ReturnType<typeof world>): void {
    if (move.kind !== 'Go' && move.kind !== 'End') return;
    const { labels = {}, unschedulable } = move.change;
    const tells = Object.entries(labels).some(([key, value]) => !key.includes('deploy') && value !== null);
    if (tells) {
      expect(view.unschedulable, 'labels only a cordoned node').toBe(true);
      expect(inTheWay(before, view.holders), 'labels only a drained node').toEqual([]);
    }
    if (unschedulable === false) {
      expect(this.foreign, 'never lifts a foreign cordon').toBe(false);
      expect(view.owner, 'leaves the cordon to whoever wants it').toBeUndefined();
    }
    if (unschedulable !== undefined) this.cordoned = unschedulable;
    for (const [key, value] of Object.entries(labels)) {
      if (value === null) delete this.labels[key];
      else this.labels[key] = value;
    }
    this.operation = move.kind === 'End' ? undefined : JSON.parse(JSON.stringify(move.operation));
  }

  get settled(): boolean {
    return this.operation === undefined || this.operation.step === 'Degraded';
  }
}

describe('a change', () => {
  it('ends done, undone, rolled back or degraded, whatever happens to the node from whatever step', () => {
    const begun = fc.record({
      step: fc.constantFrom(...steps),
      direction: fc.constantFrom('Forward', 'Back'),
      cordon: fc.constantFrom('Ours', 'Foreign'),
      target: fc.constantFrom(cut, { ...whole, strategy: 'TimeSlicing', replicas: 4, plugin: 'gpo-time-slicing-4' }),
    }) satisfies fc.Arbitrary<Partial<Operation>>;
    fc.assert(
      fc.property(begun, fc.array(turn, { minLength: 1, maxLength: 60 }), (change, turns) => {
        const { step, cordon } = change;
        const known = step === 'Cordon' ? {} : { cordon };
        const node = new Node(operation({ ...change, cordon: undefined, ...known }));
        for (const each of turns) node.take(each);
        // In the end nobody meddles any more and nothing moves either: time alone must bring it to an end.
        const calm: Turn = { seconds: 1000, advertises: 'nothing', holders: [], ready: true };
        for (let waits = 0; waits < 100 && !node.settled; waits += 1) node.take(calm);
        expect(node.settled).toBe(true);
      }),
      { seed: 5, numRuns: 1000 },
    );
  });
});
