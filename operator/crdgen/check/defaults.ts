import { toSchema } from '../emit/schema.ts';
import { ApiTypeError } from '../errors.ts';
import type { Node } from '../model.ts';
import { compileSchema } from '../offline/ajv.ts';
import type { Step } from './walk.ts';

/** A default must be valid, and must be reached: the API server fills fields only of objects that are there. */
export function checkDefault(step: Step): void {
  const { node, path } = step;
  if (node.facets.default !== undefined) {
    const [error] = compileSchema(toSchema(node))(node.facets.default);
    if (error)
      throw new ApiTypeError(node.at, `${path}: the default is not valid: ${error.path || 'it'} ${error.text}`);
  }
  if (isUnreached(step)) {
    throw new ApiTypeError(
      node.at,
      `${path}: fields inside have defaults, but nothing makes the object; add @default {}`,
    );
  }
}

function isUnreached({ node, field }: Step): boolean {
  if (!field?.optional || field.member || node.facets.default !== undefined || node.type !== 'object') return false;
  const fields = node.fields ?? [];
  const couldBeEmpty = fields.every((child) => child.optional);
  return couldBeEmpty && fields.some((child) => hasDefault(child.node));
}

function hasDefault(node: Node): boolean {
  return node.facets.default !== undefined;
}
