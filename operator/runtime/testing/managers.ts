/** Who owns which leaf of an object: the field managers of server-side apply. */
import { isObject, leafValues } from './merge.ts';
import { Refusal } from './refusals.ts';

/** A manager in one of its roles: what it applied and what it updated are owned apart, and so is what it said in `/status`. */
export interface Role {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string;
  /** With which version of the API, as the refusals name it. */
  readonly apiVersion?: string;
}

interface Share extends Role {
  readonly leaves: ReadonlySet<string>;
}

/** The shares of an object, by role. Never changed: each step makes a new one. */
export class Managers {
  readonly #shares: ReadonlyMap<string, Share>;

  constructor(shares: readonly Share[] = []) {
    this.#shares = new Map(shares.filter(({ leaves }) => leaves.size > 0).map((share) => [idOf(share), share]));
  }

  /** What a role owns. */
  of(role: Role): ReadonlySet<string> {
    return this.#shares.get(idOf(role))?.leaves ?? new Set();
  }

  /** Everything that somebody else owns. */
  ofOthers(role: Role): ReadonlySet<string> {
    return new Set(this.#others(role).flatMap(({ leaves }) => [...leaves]));
  }

  /** The shares after `role` changed the object by a write that is no apply. */
  updated(role: Role, before: object, after: object): Managers {
    const [old, now] = [ownable(before), ownable(after)];
    const changed = [...now].filter(([leaf, value]) => old.get(leaf) !== value).map(([leaf]) => leaf);
    const gone = [...old.keys()].filter((leaf) => !now.has(leaf));
    const others = this.#others(role).map((share) => lessened(share, [...changed, ...gone]));
    const own = [...this.of(role)].filter((leaf) => !gone.includes(leaf));
    return new Managers([...others, { ...role, leaves: new Set([...own, ...changed]) }]);
  }

  /** The shares after `role` applied `wanted` over `live`. Throws the conflicts unless forced. */
  applied(role: Role, live: object, wanted: object, force: boolean): Managers {
    const [old, leaves] = [ownable(live), ownable(wanted)];
    const changed = [...leaves]
      .filter(([leaf, value]) => old.has(leaf) && old.get(leaf) !== value)
      .map(([leaf]) => leaf);
    const fights = this.#others(role)
      .map((share) => ({ share, leaves: changed.filter((leaf) => share.leaves.has(leaf)) }))
      .filter((fight) => fight.leaves.length > 0);
    if (fights.length > 0 && !force) throw conflicts(fights);
    const others = this.#others(role).map((share) => lessened(share, changed));
    return new Managers([...others, { ...role, leaves: new Set(leaves.keys()) }]);
  }

  /** The shares without leaves that the object lost by an apply. */
  without(lost: readonly string[]): Managers {
    return new Managers([...this.#shares.values()].map((share) => lessened(share, lost)));
  }

  equals(other: Managers): boolean {
    return JSON.stringify(this.#plain()) === JSON.stringify(other.#plain());
  }

  #plain(): unknown {
    return [...this.#shares].map(([id, { leaves }]) => [id, [...leaves].sort()]).sort();
  }

  #others(role: Role): readonly Share[] {
    return [...this.#shares].filter(([id]) => id !== idOf(role)).map(([, share]) => share);
  }
}

function idOf({ manager, operation, subresource = '' }: Role): string {
  return [operation, manager, subresource].join('|');
}

function lessened(share: Share, lost: readonly string[]): Share {
  return { ...share, leaves: new Set([...share.leaves].filter((leaf) => !lost.includes(leaf))) };
}

const sent: ReadonlySet<string> = new Set(['labels', 'annotations', 'finalizers', 'ownerReferences']);

/** The leaves that can be owned, with their values: never identity and what the server itself keeps. */
function ownable(object: object): ReadonlyMap<string, string> {
  const {
    apiVersion: _version,
    kind: _kind,
    metadata,
    ...rest
  } = { metadata: {}, ...object } as Record<string, unknown>;
  const kept = Object.entries(isObject(metadata) ? metadata : {}).filter(([name]) => sent.has(name));
  const values = leafValues({ ...rest, ...(kept.length > 0 && { metadata: Object.fromEntries(kept) }) });
  values.delete('');
  return values;
}

interface Fight {
  readonly share: Share;
  readonly leaves: readonly string[];
}

function conflicts(fights: readonly Fight[]): Refusal {
  const named = fights
    .map(({ share, leaves }) => ({ who: whoIs(share), fields: [...leaves].sort(membersFirst).map(fieldText) }))
    .sort((a, b) => (a.who < b.who ? -1 : 1));
  const causes = named.flatMap(({ who, fields }) =>
    fields.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field })),
  );
  const [only] = named;
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: conflict with ${only?.who}: ${only?.fields[0]}`
      : `Apply failed with ${causes.length} conflicts: ${named.map(paragraph).join('\n')}`;
  return new Refusal(409, 'Conflict', message, { causes });
}

function paragraph({ who, fields }: { readonly who: string; readonly fields: readonly string[] }): string {
  return [`conflicts with ${who}:`, ...fields.map((field) => `- ${field}`)].join('\n');
}

function whoIs({ manager, operation, subresource, apiVersion }: Role): string {
  const place = subresource === undefined ? '' : ` with subresource "${subresource}"`;
  return `"${manager}"${place}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}

/** Fields of an object come before what is inside of its other fields, as structured merge lists them. */
function membersFirst(a: string, b: string): number {
  const [left, right] = [a.split('\u0000'), b.split('\u0000')];
  const at = left.findIndex((part, index) => part !== right[index]);
  const [leftEnds, rightEnds] = [at === left.length - 1, at === right.length - 1];
  if (leftEnds !== rightEnds) return leftEnds ? -1 : 1;
  return (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}

function fieldText(leaf: string): string {
  const parts = leaf.split('\u0000').slice(1);
  return parts.map((part) => (part.startsWith('[') ? part : `.${part}`)).join('');
}
