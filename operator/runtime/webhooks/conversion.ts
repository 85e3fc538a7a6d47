/** Conversion webhooks: a ConversionReview of apiextensions.k8s.io/v1 in, the objects in the version asked for out. */
import { apiVersionOf } from '../kinds.ts';
import type { Kind, KubeObject } from '../types.ts';
import { type Answer, BadReview, fields, requestOf, type Webhook } from './webhook.ts';

const apiVersion = 'apiextensions.k8s.io/v1';
const review = { apiVersion, kind: 'ConversionReview' } as const;

/**
 * How a version becomes the hub and back. Both are pure, answer for every object that its schema allows, because one that
 * cannot be converted keeps everybody from listing the kind, and lose nothing in either direction: what the other version
 * cannot say goes into an annotation, and `lossless` of the testing kit checks it. Of the metadata only labels and
 * annotations are taken from what they return; the rest, `apiVersion` and `kind` cannot change.
 */
export interface Spoke<Hub, Version> {
  toHub(object: Version): Hub;
  fromHub(hub: Hub): Version;
}

/** The other versions of a kind, by the name of the version. */
export type Spokes<Hub, Versions> = { readonly [V in keyof Versions]: Spoke<Hub, Versions[V]> };

/**
 * An object cannot be converted; the message names it. A cause is what a spoke threw.
 * @remedy correct the object that the message names, in the version in which it is stored
 */
export class ConversionFailed extends Error {
  override readonly name = 'ConversionFailed';
  readonly code = 'ConversionFailed';
}

/**
 * The conversion webhook of a kind, at `/convert/PLURAL.GROUP`; the hub is the storage version. All objects of a request
 * are converted, or none and the answer says which one failed and why. Its Service must publish addresses that are not
 * ready: a process that caches this kind becomes ready only after its own conversions have been answered.
 */
export function conversion<Hub extends KubeObject, Versions extends Readonly<Record<string, KubeObject>>>(
  hub: Kind<Hub>,
  spokes: Spokes<Hub, Versions>,
): Webhook {
  const versions: Versioned = new Map(
    Object.entries<Spoke<Hub, KubeObject>>(spokes).map(([name, spoke]) => [`${hub.group}/${name}`, spoke]),
  );
  const answer = async (body: unknown): Promise<Answer> => {
    const request = requestOf(body, apiVersion, review.kind);
    const { uid, desiredAPIVersion, objects } = request;
    if (typeof desiredAPIVersion !== 'string' || !Array.isArray(objects))
      throw new BadReview('the review has no request.desiredAPIVersion or no request.objects');
    try {
      const convertedObjects = objects.map((object) => converted(hub, versions, objectOf(object), desiredAPIVersion));
      return { review: { ...review, response: { uid, convertedObjects, result: { status: 'Success' } } } };
    } catch (failure) {
      const result = { status: 'Failure', message: messageOf(failure) };
      const panicked = !(failure instanceof ConversionFailed && failure.cause === undefined);
      return { review: { ...review, response: { uid, convertedObjects: [], result } }, failure, panicked };
    }
  };
  return { path: `/convert/${hub.plural}.${hub.group}`, type: 'conversion', answer };
}

/** Spokes by apiVersion; the map of one conversion knows one hub. */
type Versioned = ReadonlyMap<string, Spoke<KubeObject, KubeObject>>;

function objectOf(value: unknown): KubeObject {
  const metadata = fields(fields(value)?.metadata);
  if (metadata === undefined) throw new ConversionFailed('request.objects holds something without metadata');
  return { ...fields(value), metadata };
}

function converted(hub: Kind<KubeObject>, versions: Versioned, object: KubeObject, desired: string): KubeObject {
  const { apiVersion: given = '', metadata } = object;
  if (given === desired) return object;
  const home = apiVersionOf(hub);
  try {
    const middle = given === home ? object : labelled(object, spokeOf(versions, home, given).toHub(object), home);
    return desired === home ? middle : labelled(object, spokeOf(versions, home, desired).fromHub(middle), desired);
  } catch (error) {
    const name = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
    const message = `${hub.kind} ${name}, from ${given} to ${desired}: ${messageOf(error)}`;
    throw new ConversionFailed(message, error instanceof ConversionFailed ? {} : { cause: error });
  }
}

function spokeOf(versions: Versioned, home: string, wanted: string): Spoke<KubeObject, KubeObject> {
  const spoke = versions.get(wanted);
  if (spoke !== undefined) return spoke;
  throw new ConversionFailed(`${wanted} is not known; known are ${[home, ...versions.keys()].join(', ')}`);
}

/** What was made, as the object it was made from: with its identity, and with labels and annotations as made. */
function labelled(object: KubeObject, made: KubeObject, apiVersionMade: string): KubeObject {
  const { labels: _labels, annotations: _annotations, ...metadata } = object.metadata;
  const { annotations, labels } = made.metadata;
  return { ...made, apiVersion: apiVersionMade, kind: object.kind, metadata: { ...metadata, labels, annotations } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
