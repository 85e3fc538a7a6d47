import { describe, expect, it } from 'vitest';
import type { Crd, CrdVersion } from '../crd.ts';
import type { JsonSchema } from '../schema.ts';
import { compareCrds } from './crds.ts';

const v1beta1: CrdVersion = {
  name: 'v1beta1',
  served: true,
  storage: true,
  subresources: { status: {} },
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
};
const base: Crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Cluster',
    names: { kind: 'Thing', plural: 'things', singular: 'thing' },
    versions: [v1beta1],
  },
};
const v1: CrdVersion = { ...v1beta1, name: 'v1', storage: false };

function withSpec(change: Partial<Crd['spec']>): Crd {
  return { ...base, spec: { ...base.spec, ...change } };
}

function withField(name: string, schema: JsonSchema): Crd {
  const properties = { spec: { type: 'object', properties: { size: schema } } };
  return withSpec({ versions: [{ ...v1beta1, name, schema: { openAPIV3Schema: { type: 'object', properties } } }] });
}

function told(before: Crd, after: Crd): readonly string[] {
  return compareCrds([before], [after]).map(({ level, rule, version, path, message }) =>
    [level, rule, version, path, message].filter(Boolean).join(' | '),
  );
}

describe('definitions', () => {
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
  const rows: readonly {
    readonly name: string;
    readonly from: Crd;
    readonly to: Crd;
    readonly says: readonly string[];
  }[] = [
    { name: 'nothing', from: base, to: base, says: [] },
    {
      name: 'scope',
      from: base,
      to: withSpec({ scope: 'Namespaced' }),
      says: ['error | scope | scope was Cluster and is Namespaced'],
    },
    {
      name: 'kind and plural',
      from: base,
      to: withSpec({ names: { kind: 'Item', plural: 'items', singular: 'thing' } }),
      says: ['error | kind | kind was Thing and is Item', 'error | plural | plural was things and is items'],
    },
    {
      name: 'the stored version is gone',
      from: base,
      to: withSpec({ versions: [{ ...v1, storage: true }] }),
      says: [
        'error | storedVersion | v1beta1 is gone, but objects are stored in it; rewrite them and take it out of status.storedVersions first',
        'error | version | v1beta1 | the version is gone',
        'safe | version | v1 is new',
      ],
    },
    {
      name: 'a version that only the cluster knows to be stored is gone',
      from: {
        ...withSpec({ versions: [v1beta1, { ...v1, served: false }] }),
        status: { storedVersions: ['v1', 'v1beta1'] },
      },
      to: base,
      says: [
        'error | storedVersion | v1 is gone, but objects are stored in it; rewrite them and take it out of status.storedVersions first',
        'safe | version | v1 | the version is gone; it was not served',
      ],
    },
    {
      name: 'another version is stored',
      from: withSpec({ versions: [v1beta1, v1] }),
      to: withSpec({
        versions: [
          { ...v1beta1, storage: false },
          { ...v1, storage: true },
        ],
      }),
      says: [],
    },
    {
      name: 'a version is not served any more',
      from: base,
      to: withSpec({ versions: [{ ...v1beta1, served: false }] }),
      says: ['error | served | v1beta1 | the version is not served any more'],
    },
    {
      name: 'conversion ends',
      from: withSpec({ conversion: { strategy: 'Webhook' } }),
      to: base,
      says: ['error | conversion | versions are not converted any more'],
    },
    {
      name: 'conversion begins',
      from: base,
      to: withSpec({ conversion: { strategy: 'Webhook' } }),
      says: ['safe | conversion | versions are converted by a webhook now'],
    },
    {
      name: 'subresources go',
      from: withSpec({ versions: [{ ...v1beta1, subresources: { status: {}, scale } }] }),
      to: withSpec({ versions: [{ ...v1beta1, subresources: {} }] }),
      says: [
        'error | subresource | v1beta1 | the subresource status is gone',
        'error | subresource | v1beta1 | the subresource scale is gone',
      ],
    },
    {
      name: 'scale leads elsewhere',
      from: withSpec({ versions: [{ ...v1beta1, subresources: { status: {}, scale } }] }),
      to: withSpec({
        versions: [{ ...v1beta1, subresources: { status: {}, scale: { ...scale, specReplicasPath: '.spec.n' } } }],
      }),
      says: ['error | subresource | v1beta1 | scale leads elsewhere'],
    },
    {
      name: 'selectable fields',
      from: withSpec({ versions: [{ ...v1beta1, selectableFields: [{ jsonPath: '.spec.a' }] }] }),
      to: withSpec({ versions: [{ ...v1beta1, selectableFields: [{ jsonPath: '.spec.b' }] }] }),
      says: [
        'error | selectable | v1beta1 | .spec.a is not selectable any more',
        'safe | selectable | v1beta1 | .spec.b is selectable now',
      ],
    },
    {
      name: 'columns and names for typing',
      from: base,
      to: withSpec({
        names: { ...base.spec.names, shortNames: ['th'], categories: ['all'] },
        versions: [{ ...v1beta1, additionalPrinterColumns: [{ name: 'A', jsonPath: '.spec.a' }], deprecated: true }],
      }),
      says: [],
    },
  ];

  it.each(rows)('$name', ({ from, to, says }) => {
    expect(told(from, to)).toEqual(says);
    expect(told(to, to)).toEqual([]);
  });

  it('that are gone take their objects along; in alpha that is a line in the notes', () => {
    const other = { ...base, metadata: { name: 'others.example.com' } };
    const message = 'the kind is gone; removing its definition removes every object of it';
    expect(compareCrds([base, other], [other])).toMatchObject([{ crd: 'things.example.com', level: 'error', message }]);
    const alpha = withSpec({ versions: [{ ...v1beta1, name: 'v1alpha1' }] });
    expect(compareCrds([alpha, other], [other])).toMatchObject([{ level: 'warning', message }]);
    expect(compareCrds([other], [other, base])).toMatchObject([{ level: 'safe', message: 'the kind is new' }]);
  });

  it('of groups that the next set does not touch are passed over', () => {
    const foreign = { ...base, metadata: { name: 'nodes.other.io' }, spec: { ...base.spec, group: 'other.io' } };
    expect(compareCrds([foreign, base], [base])).toEqual([]);
  });
});

it('warns in an alpha version of what it refuses in beta and later', () => {
  const versions = ['v1alpha1', 'v2alpha3', 'v1beta1', 'v1', 'v12'];
  const levels = versions.map((name) =>
    told(withField(name, {}), withField(name, { maxLength: 3 })).map((line) => line.split(' ')[0]),
  );
  expect(levels.flat()).toEqual(['warning', 'warning', 'error', 'error', 'error']);
});
