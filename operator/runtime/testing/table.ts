/** Table tests of controllers: a world in, acts out, and what has to hold for every row of every table. */
import type { Controller, KubeObject } from '../types.ts';
import type { MemoryApi } from './memory-api.ts';
import type { Act } from './memory-backend.ts';
import { Bench, type PassInput, type PassOutput, worldOf } from './pass.ts';

/**
 * What a pass wanted, by what it did to which object: `apply configmaps/a/t` → the content without identity. Two acts on one
 * object get ` (2)`. The order of acts is nobody's business.
 */
export type Intents = Readonly<Record<string, unknown>>;

/** A row that breaks a rule that holds for all rows. */
export class RowBroken extends Error {
  override readonly name = 'RowBroken';
  readonly code = 'RowBroken';
}

/** The output of the first pass, with its intents. */
export interface RowOutput extends PassOutput {
  readonly intents: Intents;
}

/**
 * Runs a row: one pass in the world given. Throws RowBroken unless a second pass acts on nothing, and unless a process
 * that is killed after any of its acts leaves a world that the next one brings to the same end. `make` makes the
 * controller as a process does at its start: with an empty memory. Objects read are frozen, so a pass that changes one
 * fails as its result says. Rows with an `intercept` are run without kills: it has a story of its own.
 */
export async function runRow(make: () => Controller, input: PassInput): Promise<RowOutput> {
  const clean = new Life(make, input);
  const output = await clean.pass();
  const second = await clean.pass();
  if (second.acts.length > 0) throw new RowBroken(`the second pass acts again: ${list(second.acts)}`);
  const end = clean.world();
  const kills = input.intercept === undefined ? output.acts.length : 0;
  for (let acts = 1; acts <= kills; acts += 1) {
    const survived = await survive(make, input, acts);
    if (survived === end) continue;
    throw new RowBroken(
      `killed after act ${acts} of ${list(output.acts)}, the world ends as ${survived}, not as ${end}`,
    );
  }
  return { ...output, intents: intentsOf(output.acts) };
}

/** The world after a process was killed behind so many acts and others have worked until there was nothing to do. */
async function survive(make: () => Controller, input: PassInput, acts: number): Promise<string> {
  const life = new Life(make, input);
  await life.killed(acts);
  for (let passes = 0; passes < mostPasses; passes += 1) {
    if ((await life.pass()).acts.length === 0) return life.world();
  }
  throw new RowBroken(`killed after act ${acts}, the passes after it do not come to rest: ${mostPasses} of them acted`);
}

const mostPasses = 5;

class Killed extends Error {
  override readonly name = 'Killed';
}

/** A world, and the process that works in it. */
class Life {
  readonly #make: () => Controller;
  readonly #input: PassInput;
  readonly #api: MemoryApi;
  #bench: Bench;

  constructor(make: () => Controller, input: PassInput) {
    const controller = make();
    this.#make = make;
    this.#input = input;
    this.#api = worldOf(controller, input);
    this.#bench = new Bench(controller, input, this.#api);
  }

  pass(): Promise<PassOutput> {
    return this.#bench.run(this.#input.now);
  }

  /** One pass that ends behind so many acts, the word about its failure included; then a new process. */
  async killed(acts: number): Promise<void> {
    let left = acts;
    const intercept = (): void => {
      if (left === 0) throw new Killed('the process was killed');
      left -= 1;
    };
    await new Bench(this.#make(), { ...this.#input, intercept }, this.#api).run(this.#input.now);
    this.#bench = new Bench(this.#make(), this.#input, this.#api);
  }

  /** Everything that is there, without versions. */
  world(): string {
    const plain = this.#api.everything().map(([id, { metadata, ...content }]) => {
      const { resourceVersion: _version, uid: _uid, ...rest } = metadata;
      return [id, { metadata: rest, ...content }];
    });
    return JSON.stringify(plain);
  }
}

function list(acts: readonly Act[]): string {
  return acts.map(subjectOf).join(', ');
}

function subjectOf(act: Act): string {
  return act.act === 'evict' ? `evict pods/${act.key}` : `${act.act} ${act.kind}/${act.key}`;
}

function intentsOf(acts: readonly Act[]): Intents {
  const intents = new Map<string, unknown>();
  for (const act of acts) {
    const name = subjectOf(act);
    const again = [...intents.keys()].filter((known) => known === name || known.startsWith(`${name} (`)).length;
    intents.set(again === 0 ? name : `${name} (${again + 1})`, contentOf(act));
  }
  return Object.fromEntries(intents);
}

function contentOf(act: Act): unknown {
  if (act.act === 'evict') return {};
  if (act.act === 'remove') return act.preconditions;
  return act.act === 'patch' ? act.patch.body : withoutIdentity(act.body);
}

/** What is said of an object beside its name: owner references say only that it belongs to the primary. */
function withoutIdentity({ apiVersion: _version, kind: _kind, metadata, ...content }: KubeObject): object {
  const { name: _name, namespace: _namespace, uid: _uid, ownerReferences: _owners, ...rest } = metadata;
  return Object.keys(rest).length === 0 ? content : { metadata: rest, ...content };
}
