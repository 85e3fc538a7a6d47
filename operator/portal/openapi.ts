import { type ProblemCode, problemStatus } from './problem.ts';
import { type Route, routes } from './routes.ts';
import { type JsonSchema, schemas } from './schemas.ts';

/** Where tenants' paths begin. */
export const basePath = '/v1/tenants/{tenant}';
/** Where the document is served, to anybody. */
export const documentPath = '/openapi.json';

/** A Tenant's name, as Kubernetes takes it. */
export const tenantSchema: JsonSchema = { type: 'string', maxLength: 63, pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' };

const common: readonly ProblemCode[] = [
  'RequestInvalid',
  'Unauthenticated',
  'Forbidden',
  'NotEntitled',
  'NotFound',
  'MethodNotAllowed',
  'TooManyRequests',
  'Internal',
  'Timeout',
];
const ofBodies: readonly ProblemCode[] = ['BodyTooLarge', 'MediaTypeUnsupported'];

/** The OpenAPI 3.1 document of the route table. */
export function openApi(version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = basePath + route.path;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'GPU Optimizer portal',
      version,
      description:
        'What a tenant used, what it costs and how it is paid. Quantities and money are text: they may be larger than JSON numbers hold. Times are half-open, RFC 3339, UTC.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'a ServiceAccount token of audience gpuoptimizer.io/portal',
        },
      },
    },
    security: [{ bearer: [] }],
  };
}

function operation(route: Route): object {
  const { verb, subresource } = route.right;
  return {
    operationId: route.id,
    summary: route.summary,
    description: `Asks for the right to ${verb} tenants/${subresource} of the group gpuoptimizer.io for this Tenant.`,
    parameters: [
      { name: 'tenant', in: 'path', required: true, schema: tenantSchema },
      ...Object.entries(route.query).map(([name, schema]) => ({ name, in: 'query', required: false, schema })),
    ],
    ...(route.body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: ref(route.body) } } },
    }),
    responses: {
      '200': { description: route.summary, content: { 'application/json': { schema: ref(route.answer) } } },
      ...problems([...common, ...(route.body === undefined ? [] : ofBodies), ...route.problems]),
    },
  };
}

function problems(codes: readonly ProblemCode[]): Readonly<Record<string, object>> {
  return Object.fromEntries(
    codes.map((code) => [
      String(problemStatus[code]),
      { description: code, content: { 'application/problem+json': { schema: ref('Problem') } } },
    ]),
  );
}

function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
