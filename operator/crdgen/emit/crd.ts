import type { Root } from '../model.ts';
import { toSchema } from './schema.ts';

/** A CustomResourceDefinition as plain data; `versions` are the roots of one kind. */
export function toCrd(versions: readonly [Root, ...Root[]]): Readonly<Record<string, unknown>> {
  const [first] = versions;
  const { plural, singular, shortNames, categories, scope } = first.resource;
  const { labels, annotations } = first.tags;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${first.group}`,
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      group: first.group,
      names: {
        kind: first.kind,
        listKind: `${first.kind}List`,
        plural,
        singular,
        ...(shortNames.length > 0 && { shortNames }),
        ...(categories.length > 0 && { categories }),
      },
      scope,
      versions: versions.map((root) => toVersion(root, versions.length === 1)),
    },
  };
}

function toVersion(root: Root, only: boolean): Readonly<Record<string, unknown>> {
  const { tags } = root;
  const { scale } = tags;
  return {
    name: root.version,
    served: tags.served,
    storage: only || tags.storage,
    ...(tags.deprecation && { deprecated: true, deprecationWarning: tags.deprecation }),
    ...(tags.columns.length > 0 && { additionalPrinterColumns: tags.columns.map(({ at: _at, ...column }) => column) }),
    ...(tags.selectable.length > 0 && { selectableFields: tags.selectable.map((jsonPath) => ({ jsonPath })) }),
    schema: { openAPIV3Schema: toSchema(root.object) },
    subresources: {
      status: {},
      ...(scale && {
        scale: {
          specReplicasPath: scale.spec,
          statusReplicasPath: scale.status,
          ...(scale.selector && { labelSelectorPath: scale.selector }),
        },
      }),
    },
  };
}
