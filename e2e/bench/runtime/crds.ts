/** The group of the toy kinds. */
export const GROUP = 'bench.gpuoptimizer.io';

const condition = {
  type: 'object',
  required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
  properties: {
    type: { type: 'string' },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    reason: { type: 'string' },
    message: { type: 'string' },
    lastTransitionTime: { type: 'string', format: 'date-time' },
    observedGeneration: { type: 'integer', format: 'int64' },
  },
};

const integer = { type: 'integer', format: 'int64' };
const assemblySpec = {
  type: 'object',
  required: ['quantity', 'parts'],
  properties: {
    quantity: integer,
    parts: { type: 'array', minItems: 3, maxItems: 3, items: { type: 'string' } },
  },
};
const assemblyStatus = {
  type: 'object',
  properties: {
    observedGeneration: integer,
    weight: integer,
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: condition,
    },
  },
};
const partSpec = {
  type: 'object',
  required: ['weight'],
  properties: { weight: integer, colour: { type: 'string' } },
};

/** Assembly, which both operators reconcile, and Part, three of which each assembly names. */
export const crds: readonly object[] = [
  crd('Assembly', 'assemblies', { spec: assemblySpec, status: assemblyStatus }),
  crd('Part', 'parts', { spec: partSpec }),
];

function crd(kind: string, plural: string, properties: { readonly spec: object; readonly status?: object }): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          ...(properties.status !== undefined && { subresources: { status: {} } }),
          schema: { openAPIV3Schema: { type: 'object', required: ['spec'], properties } },
        },
      ],
    },
  };
}
