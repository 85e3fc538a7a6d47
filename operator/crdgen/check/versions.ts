import { compareSchemas } from '../diff/schema.ts';
import { toSchema } from '../emit/schema.ts';
import { ApiTypeError } from '../errors.ts';
import type { Root } from '../model.ts';

/** Refuses versions of one kind that cannot stand in one definition. */
export function checkVersions(roots: readonly Root[]): void {
  for (const versions of Map.groupBy(roots, (root) => root.kind).values()) {
    const hub = onlyStored(versions);
    for (const root of versions) {
      agreeOnNames(root, hub);
      convertAtHub(root, hub);
    }
    needConversion(versions, hub);
  }
}

function onlyStored(versions: readonly Root[]): Root {
  const [first] = versions;
  const stored = versions.length === 1 ? versions : versions.filter((root) => root.tags.storage);
  const [hub, other] = stored;
  if (hub && !other) return hub;
  const { at, kind } = other ?? (first as Root);
  throw new ApiTypeError(
    at,
    `${kind} has ${versions.length} versions, ${stored.length} of them with @storage; need one`,
  );
}

/** Names and scope are those of the definition, not of a version. */
function agreeOnNames(root: Root, hub: Root): void {
  const differs = Object.entries(root.resource).find(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(hub.resource[key as keyof Root['resource']]),
  );
  if (!differs) return;
  throw new ApiTypeError(
    root.at,
    `@resource ${differs[0]} differs from that of ${hub.version}; versions share names and scope`,
  );
}

function convertAtHub(root: Root, hub: Root): void {
  if (root === hub || !root.tags.conversion) return;
  throw new ApiTypeError(root.at, `@conversion belongs to the stored version, which is ${hub.version}`);
}

/** Without a webhook the API server changes the version's name and drops what the other version does not know. */
function needConversion(versions: readonly Root[], hub: Root): void {
  const others = versions.filter((root) => root !== hub && root.tags.served);
  const differing = others
    .map((root) => ({ root, place: differenceOf(hub, root) }))
    .find(({ place }) => place !== undefined);
  if (differing && !hub.tags.conversion) {
    const { root, place } = differing;
    throw new ApiTypeError(
      root.at,
      `${root.version} and ${hub.version} have different shapes at ${place}, which would be lost; add @conversion to ${hub.version}, or make them equal`,
    );
  }
  if (!differing && hub.tags.conversion) {
    throw new ApiTypeError(hub.at, 'the served versions have one shape, so nothing needs @conversion');
  }
}

/** The first field that only one of the versions has, or that has another type. */
function differenceOf(hub: Root, root: Root): string | undefined {
  const [a, b] = [toSchema(hub.object), toSchema(root.object)];
  return compareSchemas(a, b).find(({ rule }) => rule === 'field' || rule === 'type')?.path;
}
