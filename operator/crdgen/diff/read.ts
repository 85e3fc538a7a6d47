import { parseAllDocuments } from 'yaml';
import type { Crd } from '../crd.ts';

/**
 * A text that is not YAML, or holds no definition.
 * @remedy name a file that holds CustomResourceDefinitions
 */
export class CrdTextError extends Error {
  readonly code = 'CRDGEN_CRD_TEXT';

  constructor(source: string, why: string, options?: ErrorOptions) {
    super(`${source}: ${why}`, options);
    this.name = 'CrdTextError';
  }
}

/** The definitions in a YAML or JSON text; lists as kubectl prints them are opened, other objects passed over. */
export function readCrds(text: string, source: string): readonly Crd[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw new CrdTextError(source, `not YAML: ${error.message.split('\n')[0]}`, { cause: error });
    return crdsIn(document.toJS(), source);
  });
}

function crdsIn(object: unknown, source: string): readonly Crd[] {
  if (typeof object !== 'object' || object === null) return [];
  const { kind, items, spec } = object as {
    readonly kind?: unknown;
    readonly items?: unknown;
    readonly spec?: Partial<Crd['spec']>;
  };
  if (Array.isArray(items)) return items.flatMap((item) => crdsIn(item, source));
  if (kind !== 'CustomResourceDefinition') return [];
  if (!spec?.group || !spec.names?.plural || !Array.isArray(spec.versions)) {
    throw new CrdTextError(source, 'a CustomResourceDefinition without spec.group, spec.names and spec.versions');
  }
  return [object as Crd];
}
