import { isDeepStrictEqual } from 'node:util';
import { apiVersionOf } from '../kinds.ts';
import type { Kind, KubeObject } from '../types.ts';
import type { Spoke, Spokes } from '../webhooks/conversion.ts';

/** An object came back from another version as something else. */
export class NotLossless extends Error {
  override readonly name = 'NotLossless';
  readonly code = 'NotLossless';
}

/**
 * Checks of a conversion, to be asked of arbitrary objects of a property test:
 *
 *     const check = lossless(Toy, spokes);
 *     fc.assert(fc.property(arbitraryHub, check.hub));
 *     fc.assert(fc.property(arbitraryOld, check.version('v1alpha1')));
 *
 * `hub` sends an object of the hub through every version and back, `version` one of that version through the hub. Both
 * throw `NotLossless` when something is missing or changed afterwards, when metadata other than labels and annotations
 * was changed on the way, or when a conversion changed the object it was given.
 */
export function lossless<Hub extends KubeObject, Versions extends Readonly<Record<string, KubeObject>>>(
  hub: Kind<Hub>,
  spokes: Spokes<Hub, Versions>,
): {
  readonly hub: (object: Hub) => void;
  readonly version: <V extends string & keyof Versions>(name: V) => (object: Versions[V]) => void;
} {
  return {
    hub: (object) => {
      for (const [name, spoke] of Object.entries<Spoke<Hub, KubeObject>>(spokes)) {
        const there = step(object, `${hub.group}/${name}`, (one) => spoke.fromHub(one));
        returned(
          object,
          step(there, apiVersionOf(hub), (one) => spoke.toHub(one)),
          name,
        );
      }
    },
    version: (name) => (object) => {
      const spoke = spokes[name];
      const there = step(object, apiVersionOf(hub), (one) => spoke.toHub(one));
      returned(
        object,
        step(there, `${hub.group}/${name}`, (one) => spoke.fromHub(one)),
        hub.version,
      );
    },
  };
}

/** One conversion as it happens on the wire: JSON in, JSON out. */
function step<From extends KubeObject, To extends KubeObject>(
  object: From,
  apiVersion: string,
  convert: (object: From) => To,
): To {
  const given = plain(object);
  const before = plain(given);
  const made: To = plain({ ...convert(given), apiVersion, kind: object.kind });
  if (!isDeepStrictEqual(given, before)) fail('a conversion changed the object it was given', before, given);
  const identity = ({ labels: _labels, annotations: _annotations, ...rest }: KubeObject['metadata']): object => rest;
  if (!isDeepStrictEqual(identity(made.metadata), identity(before.metadata)))
    fail('a conversion changed metadata other than labels and annotations', before, made);
  return made;
}

function returned(object: KubeObject, back: KubeObject, through: string): void {
  const { apiVersion } = back;
  const before = plain({ ...object, apiVersion, kind: back.kind });
  if (!isDeepStrictEqual(stored(before), stored(back)))
    fail(`through ${through} and back the object is another`, before, back);
}

/** The API server keeps no empty labels or annotations. */
function stored(object: KubeObject): KubeObject {
  const { annotations, labels, ...metadata } = object.metadata;
  const kept = (map: typeof labels): typeof labels => (Object.keys(map ?? {}).length === 0 ? undefined : map);
  return plain({ ...object, metadata: { ...metadata, labels: kept(labels), annotations: kept(annotations) } });
}

function fail(what: string, before: object, after: object): never {
  throw new NotLossless(`${what}: ${JSON.stringify(before)} became ${JSON.stringify(after)}`);
}

function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
