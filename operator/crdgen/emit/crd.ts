import type { Crd, CrdConversion, CrdVersion } from '../crd.ts';
import type { Conversion, Root } from '../model.ts';
import { toSchema } from './schema.ts';

/** The definition of a kind; `versions` are its roots. What is not of one version is taken from the stored one. */
export function toCrd(versions: readonly [Root, ...Root[]]): Crd {
  const first = versions.find((root) => root.tags.storage) ?? versions[0];
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
      ...(first.tags.conversion && { conversion: toConversion(first, first.tags.conversion) }),
    },
  };
}

/** The path is where the operator's webhook server answers for a kind; the certificate is injected when it is known. */
function toConversion(root: Root, { service: name, namespace, port }: Conversion): CrdConversion {
  const path = `/convert/${root.resource.plural}.${root.group}`;
  const clientConfig = { service: { name, namespace, path, ...(port !== undefined && { port }) } };
  return { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } };
}

function toVersion(root: Root, only: boolean): CrdVersion {
  const { tags } = root;
  const { scale } = tags;
  return {
    name: root.version,
    served: tags.served,
    storage: only || tags.storage,
    ...(tags.deprecation && { deprecated: true, deprecationWarning: tags.deprecation }),
    ...(tags.columns.length > 0 && { additionalPrinterColumns: tags.columns.map(({ at: _at, ...column }) => column) }),
    ...(tags.selectable.length > 0 && { selectableFields: tags.selectable.map(({ jsonPath }) => ({ jsonPath })) }),
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
