import type { Crd, CrdVersion } from '../crd.ts';
import { type Change, levelOf, safe, unsafe, type Verdict } from './change.ts';
import { compareSchemas, type Finding } from './schema.ts';

/** What must stay for as long as the definition lives, since the API server or the objects in etcd rest on it. */
const IDENTITY: Readonly<Record<string, (crd: Crd) => string | undefined>> = {
  group: (crd) => crd.spec.group,
  scope: (crd) => crd.spec.scope,
  kind: (crd) => crd.spec.names.kind,
  listKind: (crd) => crd.spec.names.listKind,
  plural: (crd) => crd.spec.names.plural,
  singular: (crd) => crd.spec.names.singular,
};

/**
 * Compares the definitions of an installation with those of the next one. Definitions of groups that the next one does
 * not touch are passed over, so that everything a cluster serves can be given as `before`.
 */
export function compareCrds(before: readonly Crd[], after: readonly Crd[]): readonly Change[] {
  const groups = new Set(after.map((crd) => crd.spec.group));
  const next = new Map(after.map((crd) => [crd.metadata.name, crd]));
  const old = new Map(before.filter((crd) => groups.has(crd.spec.group)).map((crd) => [crd.metadata.name, crd]));
  return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((name) => {
    const [left, right] = [old.get(name), next.get(name)];
    if (left && right) return compareCrd(left, right);
    return left
      ? [removed(left)]
      : [{ crd: name, version: '', path: '', rule: 'kind', level: 'safe', message: 'the kind is new' }];
  });
}

/** Removing a definition removes its objects; only kinds that never left alpha may go with a line in the notes. */
function removed(crd: Crd): Change {
  const levels = crd.spec.versions.map(({ name }) => levelOf(name));
  const level = levels.includes('error') ? 'error' : 'warning';
  const message = 'the kind is gone; removing its definition removes every object of it';
  return { crd: crd.metadata.name, version: '', path: '', rule: 'kind', level, message };
}

function compareCrd(before: Crd, after: Crd): readonly Change[] {
  const crd = before.metadata.name;
  const whole = (rule: string, { safe: fine, message }: Verdict): Change => ({
    crd,
    version: '',
    path: '',
    rule,
    level: fine ? 'safe' : 'error',
    message,
  });
  const identity = Object.entries(IDENTITY)
    .filter(([, of]) => of(before) !== of(after))
    .map(([rule, of]) => whole(rule, unsafe(`${rule} was ${of(before)} and is ${of(after)}`)));
  const next = new Map(after.spec.versions.map((version) => [version.name, version]));
  const versions = before.spec.versions.flatMap((version) =>
    compareVersion(version, next.get(version.name)).map(({ rule, path, safe: fine, message }) => ({
      ...{ crd, version: version.name, path, rule, message },
      level: fine ? ('safe' as const) : levelOf(version.name),
    })),
  );
  const added = after.spec.versions
    .filter((version) => !before.spec.versions.some(({ name }) => name === version.name))
    .map((version) => whole('version', safe(`${version.name} is new`)));
  return [
    ...identity,
    ...lostStorage(before, after).map((one) => whole('storedVersion', one)),
    ...conversion(before, after).map((one) => whole('conversion', one)),
    ...versions,
    ...added,
  ];
}

/** Objects written in a version that is gone cannot be read any more. */
function lostStorage(before: Crd, after: Crd): readonly Verdict[] {
  const stored =
    before.status?.storedVersions ?? before.spec.versions.filter(({ storage }) => storage).map(({ name }) => name);
  return stored
    .filter((name) => !after.spec.versions.some((version) => version.name === name))
    .map((name) =>
      unsafe(
        `${name} is gone, but objects are stored in it; rewrite them and take it out of status.storedVersions first`,
      ),
    );
}

function conversion(before: Crd, after: Crd): readonly Verdict[] {
  const [old, next] = [before, after].map((crd) => crd.spec.conversion?.strategy ?? 'None');
  if (old === next) return [];
  return next === 'Webhook'
    ? [safe('versions are converted by a webhook now')]
    : [unsafe('versions are not converted any more')];
}

function compareVersion(before: CrdVersion, after: CrdVersion | undefined): readonly Finding[] {
  const about = (rule: string, verdict: Verdict): Finding => ({ ...verdict, rule, path: '' });
  if (!after)
    return before.served
      ? [about('version', unsafe('the version is gone'))]
      : [about('version', safe('the version is gone; it was not served'))];
  const served =
    before.served === after.served
      ? []
      : [after.served ? safe('the version is served') : unsafe('the version is not served any more')];
  return [
    ...served.map((verdict) => about('served', verdict)),
    ...subresources(before, after).map((verdict) => about('subresource', verdict)),
    ...selectable(before, after).map((verdict) => about('selectable', verdict)),
    ...compareSchemas(before.schema.openAPIV3Schema, after.schema.openAPIV3Schema),
  ];
}

function subresources({ subresources: old }: CrdVersion, { subresources: next }: CrdVersion): readonly Verdict[] {
  const names = ['status', 'scale'] as const;
  return names.flatMap((name) => {
    if (JSON.stringify(old?.[name]) === JSON.stringify(next?.[name])) return [];
    if (!old?.[name])
      return [
        name === 'scale'
          ? safe('scale is new')
          : unsafe('status is a subresource now: writes to the object do not reach it'),
      ];
    return [unsafe(next?.[name] ? `${name} leads elsewhere` : `the subresource ${name} is gone`)];
  });
}

function selectable(
  { selectableFields: old = [] }: CrdVersion,
  { selectableFields: next = [] }: CrdVersion,
): readonly Verdict[] {
  const has = (list: typeof old, path: string) => list.some(({ jsonPath }) => jsonPath === path);
  return [
    ...old
      .filter(({ jsonPath }) => !has(next, jsonPath))
      .map(({ jsonPath }) => unsafe(`${jsonPath} is not selectable any more`)),
    ...next.filter(({ jsonPath }) => !has(old, jsonPath)).map(({ jsonPath }) => safe(`${jsonPath} is selectable now`)),
  ];
}
