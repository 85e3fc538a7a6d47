/** Makes answers of different runs comparable: what differs from run to run becomes an ordinal or a word. */

type Json = Readonly<Record<string, unknown>>;

/**
 * Versions of objects become `v1`, `v2` … by their order, uids `uid-1` … by their first appearance, times `<time>`,
 * versions of lists and bookmarks `<version>`, tokens `<token>`. Managed fields go: who owns what, conflicts tell.
 */
export function normalised(answers: readonly unknown[]): readonly unknown[] {
  const uids = new Set<string>();
  const versions = new Set<string>();
  for (const answer of answers) collect(answer, uids, versions);
  const words = new Map<string, string>();
  for (const version of [...versions].sort((a, b) => Number(a) - Number(b))) words.set(version, `v${words.size + 1}`);
  for (const [index, uid] of [...uids].entries()) words.set(uid, `uid-${index + 1}`);
  return answers.map((answer) => rewritten(answer, words));
}

function collect(value: unknown, uids: Set<string>, versions: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, uids, versions);
  if (!isObject(value)) return;
  const { uid, resourceVersion } = value;
  if (typeof uid === 'string') uids.add(uid);
  if (typeof uid === 'string' && typeof resourceVersion === 'string') versions.add(resourceVersion);
  for (const inner of Object.values(value)) collect(inner, uids, versions);
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function rewritten(value: unknown, words: ReadonlyMap<string, string>, name = ''): unknown {
  if (typeof value === 'string') return word(value, words, name);
  if (Array.isArray(value)) return value.map((item) => rewritten(item, words));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key, inner]) => key !== 'managedFields' && !isNoToken(key, inner));
  return Object.fromEntries(
    entries.map(([key, inner]) => {
      const clean = rewritten(inner, words, isCollectionMeta(value, key) ? 'version' : key);
      return [key, key === 'causes' ? inOrder(clean) : clean];
    }),
  );
}

/** Custom resources say that a list is complete by an empty token, built-in kinds by none. */
function isNoToken(key: string, value: unknown): boolean {
  return key === 'continue' && value === '';
}

/** The causes of a refusal come in any order, and twice where a custom resource is validated twice. */
function inOrder(causes: unknown): unknown {
  if (!Array.isArray(causes)) return causes;
  const texts = new Set(causes.map((cause: unknown) => JSON.stringify(cause)));
  return [...texts].sort().map((text): unknown => JSON.parse(text));
}

/** The version of a list or a bookmark is that of the whole server: it says nothing about its order among objects. */
function isCollectionMeta(value: Json, key: string): boolean {
  return key === 'resourceVersion' && value.uid === undefined;
}

function word(text: string, words: ReadonlyMap<string, string>, name: string): string {
  if (name === 'version') return '<version>';
  if (name === 'continue') return '<token>';
  if (time.test(text)) return '<time>';
  const known = words.get(text);
  if (known !== undefined) return known;
  if (name !== 'message') return text;
  const named = [...words].reduce((all, [from, to]) => all.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), to), text);
  return named.replace(/(resource version: )\d+( \(\d+\))?(, current: \w+)?/i, '$1<version>');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
