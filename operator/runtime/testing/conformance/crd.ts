const condition = {
  type: 'object',
  required: ['type', 'status'],
  properties: { type: { type: 'string' }, status: { type: 'string' }, reason: { type: 'string' } },
};

const spec = {
  type: 'object',
  properties: {
    size: { type: 'integer' },
    color: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    extra: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

const status = {
  type: 'object',
  properties: {
    size: { type: 'integer' },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: condition,
    },
  },
};

/** The CRD of the toys that conversations are about, for the real server. */
export const conversationCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'toys.talk.gpuoptimizer.io' },
  spec: {
    group: 'talk.gpuoptimizer.io',
    scope: 'Namespaced',
    names: { kind: 'Toy', plural: 'toys' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
      },
    ],
  },
} as const;
