/** A run that ended well. */
export interface Run {
  /** Tells runs of one owner apart: the beginning of the pod's uid. */
  readonly id: string;
  /** When it ended, in seconds since the epoch. */
  readonly ended: number;
  readonly seconds: number;
}

/** Runs by owner. */
export type Runs = ReadonlyMap<string, readonly Run[]>;

/** Owners that are kept, those of whom something ended last. */
const OWNERS = 256;
/** Runs of each that are kept, the last ones. With an owner's name of at most 380 characters all is below half a MiB. */
const RUNS = 20;

const form = /^(?<ended>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\/(?<seconds>\d{1,9})s\/(?<id>[^/]+)$/;

/** Reads what `runsText` wrote. What cannot be read is passed over: it only makes answers wider. */
export function parseRuns(text = ''): Runs {
  const entries = text.split('\n').map((line): [string, readonly Run[]] => {
    const [owner = '', ...words] = line.split(' ');
    return [owner, words.flatMap(parseRun)];
  });
  return new Map(entries.filter(([owner, runs]) => owner !== '' && runs.length > 0));
}

function parseRun(word: string): readonly Run[] {
  const { ended = '', seconds, id = '' } = form.exec(word)?.groups ?? {};
  const at = Date.parse(ended);
  return Number.isNaN(at) ? [] : [{ id, ended: at / 1000, seconds: Number(seconds) }];
}

/** Runs as text: a line for each owner, its runs in the order in which they ended. */
export function runsText(runs: Runs): string {
  const lines = [...runs].map(([owner, all]) => [owner, ...all.map(runText)].join(' '));
  return lines.map((line) => `${line}\n`).join('');
}

function runText({ id, ended, seconds }: Run): string {
  return `${new Date(ended * 1000).toISOString().slice(0, 19)}Z/${seconds}s/${id}`;
}

/** The last runs of all that are known, within the bounds; owners by name. */
export function lastRuns(...known: readonly Runs[]): Runs {
  const owners = new Set(known.flatMap((runs) => [...runs.keys()]));
  const all = [...owners].map((owner) => {
    const runs = union(known.flatMap((each) => each.get(owner) ?? []));
    return [owner, runs.sort(byEnd).slice(-RUNS)] as const;
  });
  const latest = all.sort(([left, a], [right, b]) => endOf(b) - endOf(a) || (left < right ? -1 : 1)).slice(0, OWNERS);
  return new Map(latest.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The runs, each once. */
export function union(runs: readonly Run[]): Run[] {
  return [...new Map(runs.map((run) => [run.id, run])).values()];
}

function byEnd(left: Run, right: Run): number {
  return left.ended - right.ended || (left.id < right.id ? -1 : 1);
}

function endOf(runs: readonly Run[]): number {
  return runs.at(-1)?.ended ?? 0;
}
