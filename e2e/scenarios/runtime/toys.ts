/** The manifests of the toys. */
import { rbac } from '../../../operator/runtime/index.ts';
import { toyMaker } from './toy-operator.ts';

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

/** The CRD of a kind like Toy. */
export const crd = (kind: string, plural: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind, plural },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: { type: 'object', required: ['size'], properties: { size: { type: 'integer' } } },
              status: {
                type: 'object',
                properties: {
                  observedGeneration: { type: 'integer', format: 'int64' },
                  size: { type: 'integer' },
                  conditions: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['type'],
                    items: condition,
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
});

/** Namespaces, the service account, and exactly the RBAC that the toy controller declares. */
export function setup(): readonly object[] {
  const namespace = (name: string): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'toy-system', name: 'toys' } };
  const roles = rbac([toyMaker], { name: 'toys', namespace: 'toy-system', serviceAccount: 'toys' });
  return [namespace('toy-system'), namespace('toy-box'), account, crd('Toy', 'toys'), ...roles];
}

/** A toy. */
export const toy = (name: string, size: number): object => ({
  apiVersion: 'example.com/v1',
  kind: 'Toy',
  metadata: { namespace: 'toy-box', name },
  spec: { size },
});
