/** What the scenario of webhooks is about: ConfigMaps that are judged, and a kind with two versions. */
import { ConfigMap } from '../../../operator/kube/index.ts';
import {
  conversion,
  type Kind,
  type KubeObject,
  mutating,
  type Spokes,
  validating,
  type Webhook,
} from '../../../operator/runtime/index.ts';

/** A box of the hub version: pieces, and a colour. */
export interface Box extends KubeObject {
  readonly spec: { readonly pieces: number; readonly colour?: string };
}
/** A box of v1alpha1: dozens and the rest; it knows no colour. */
export interface OldBox extends KubeObject {
  readonly spec: { readonly dozens: number; readonly rest: number };
}

const GROUP = 'boxes.gpuoptimizer.io';
const COLOUR = `${GROUP}/colour`;
const kindOf = <T>(version: string): Kind<T> => ({
  group: GROUP,
  version,
  kind: 'Box',
  plural: 'boxes',
  scope: 'Namespaced',
});
/** The hub. */
export const Box = kindOf<Box>('v1');
/** The older version. */
export const OldBox = kindOf<OldBox>('v1alpha1');
/** The name of the definition. */
export const BOXES = `boxes.${GROUP}`;

/** How the versions become each other. Eleven pieces cannot be converted: the scenario needs a failure. */
export const spokes: Spokes<Box, { readonly v1alpha1: OldBox }> = {
  v1alpha1: {
    toHub: ({ metadata, spec: { dozens, rest } }) => {
      if (dozens === 0 && rest === 11) throw new RangeError('eleven pieces make no box');
      const { [COLOUR]: colour, ...annotations } = metadata.annotations ?? {};
      return { metadata: { ...metadata, annotations }, spec: { pieces: dozens * 12 + rest, colour } };
    },
    fromHub: ({ metadata, spec: { colour, pieces } }) => {
      const annotations = colour === undefined ? metadata.annotations : { ...metadata.annotations, [COLOUR]: colour };
      return { metadata: { ...metadata, annotations }, spec: { dozens: Math.floor(pieces / 12), rest: pieces % 12 } };
    },
  },
};

/** The definition of boxes with one version stored, converted by a webhook. */
export function boxes(stored: 'v1' | 'v1alpha1', url: string, caBundle: string): object {
  const integer = { type: 'integer', format: 'int64' };
  const version = (name: string, properties: object): object => ({
    name,
    served: true,
    storage: name === stored,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: BOXES },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: 'Box', plural: 'boxes', singular: 'box' },
      versions: [
        version('v1', { pieces: integer, colour: { type: 'string' } }),
        version('v1alpha1', { dozens: integer, rest: integer }),
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v1'], clientConfig: { url, caBundle } },
      },
    },
  };
}

/** What a ConfigMap of the scenario wants to happen stands in its data. */
export function configMapHooks(slow: () => Promise<void>, seen: (dryRun: boolean) => void): readonly Webhook[] {
  return [
    mutating(ConfigMap, '/mutate', ({ dryRun, object }) => {
      seen(dryRun);
      if (object?.data?.grow === undefined) return { allowed: true };
      const { grow, ...data } = object.data;
      const labels = { ...object.metadata.labels, 'example.com/grown': grow };
      return {
        allowed: true,
        object: { ...object, metadata: { ...object.metadata, labels }, data: { ...data, grown: grow } },
        warnings: ['it has grown'],
      };
    }),
    validating(ConfigMap, '/validate', ({ object, oldObject, operation }) => {
      if (operation === 'DELETE' && oldObject?.data?.keep !== undefined)
        return { allowed: false, message: 'it is kept', code: 409, reason: 'Conflict' };
      if (object?.data?.bad === undefined) return { allowed: true };
      return { allowed: false, message: 'bad is not wanted; leave it out' };
    }),
    validating(ConfigMap, '/probe', () => ({ allowed: false, message: 'the probe was called' })),
    validating(ConfigMap, '/throws', () => {
      throw new TypeError('oops');
    }),
    validating(ConfigMap, '/slow', async () => {
      await slow();
      return { allowed: true };
    }),
  ];
}

/** The conversion of boxes. */
export const boxConversion: Webhook = conversion(Box, spokes);
