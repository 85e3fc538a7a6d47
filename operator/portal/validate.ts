import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

import { tenantSchema } from './openapi.ts';
import { PortalProblem } from './problem.ts';
import type { Route, RouteCall } from './routes.ts';
import { schemas } from './schemas.ts';

/** Reads a request of a route; throws `RequestInvalid` naming the parameter or field. */
export type ReadCall = (tenant: string, query: URLSearchParams, body: unknown) => RouteCall;

const ajv = new Ajv2020({ strict: true, allErrors: false, allowUnionTypes: true, useDefaults: false });
/** A query is text: numbers are read from it. */
const queries = new Ajv2020({ strict: true, coerceTypes: true, useDefaults: true });
const isTenant = ajv.compile<string>(tenantSchema);

/** The checks of a route, from its entry in the table. */
export function callReader(route: Route): ReadCall {
  const isQuery = queries.compile<Record<string, string | number>>({
    type: 'object',
    properties: route.query,
    additionalProperties: false,
  });
  const isBody: ValidateFunction<Readonly<Record<string, string>>> = ajv.compile(
    route.body === undefined ? { type: 'null' } : { ...schemas[route.body] },
  );
  return (tenant, search, body) => {
    if (!isTenant(tenant)) throw new PortalProblem('RequestInvalid', `path tenant "${tenant}" is no name of a Tenant`);
    const query: Record<string, string | number> = {};
    for (const [name, value] of search) {
      if (name in query) throw new PortalProblem('RequestInvalid', `query ${name} is given twice`);
      query[name] = value;
    }
    if (!isQuery(query)) throw wrong('query', isQuery);
    if (route.body === undefined) return { tenant, query, body: {} };
    if (!isBody(body)) throw wrong('body', isBody);
    return { tenant, query, body };
  };
}

function wrong(where: string, { errors }: Pick<ValidateFunction, 'errors'>): PortalProblem {
  const [first] = errors ?? [];
  const named: unknown = first?.params.additionalProperty;
  const field = typeof named === 'string' ? ` ${named}` : (first?.instancePath.replaceAll('/', ' ') ?? '');
  return new PortalProblem('RequestInvalid', `${where}${field} ${first?.message ?? 'is not of the form stated'}`);
}
