import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossless } from '../testing/lossless.ts';
import type { Kind, KubeObject, Reader } from '../types.ts';
import { conversion, type Spokes } from './conversion.ts';
import { BadReview } from './webhook.ts';

/** The hub counts in pieces and has a colour; v1alpha1 counts in dozens and pieces and knows no colour. */
interface Box extends KubeObject {
  readonly spec: { readonly pieces: number; readonly colour?: string };
}
interface OldBox extends KubeObject {
  readonly spec: { readonly dozens: number; readonly rest: number };
}
const Box: Kind<Box> = { group: 'example.com', version: 'v1', kind: 'Box', plural: 'boxes', scope: 'Namespaced' };
const COLOUR = 'example.com/colour';

const spokes: Spokes<Box, { readonly v1alpha1: OldBox }> = {
  v1alpha1: {
    toHub: ({ metadata, spec }) => {
      const { [COLOUR]: colour, ...others } = metadata.annotations ?? {};
      const annotations = Object.keys(others).length > 0 ? others : undefined;
      return {
        metadata: { ...metadata, annotations },
        spec: { pieces: spec.dozens * 12 + spec.rest, ...(colour !== undefined && { colour }) },
      };
    },
    fromHub: ({ metadata, spec: { colour, pieces } }) => {
      const annotations = colour === undefined ? metadata.annotations : { ...metadata.annotations, [COLOUR]: colour };
      return { metadata: { ...metadata, annotations }, spec: { dozens: Math.floor(pieces / 12), rest: pieces % 12 } };
    },
  },
};

const nothing: Reader = { get: () => undefined, list: () => [] };
const metadata = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', labels: { l: '1' } };
const oldBox = { apiVersion: 'example.com/v1alpha1', kind: 'Box', metadata, spec: { dozens: 1, rest: 2 } };
const box = { apiVersion: 'example.com/v1', kind: 'Box', metadata, spec: { pieces: 14 } };
const red = { ...box, spec: { pieces: 14, colour: 'red' } };
const oldRed = { ...oldBox, metadata: { ...metadata, annotations: { [COLOUR]: 'red' } } };

async function converted(desired: string, objects: readonly unknown[], given = spokes) {
  const body = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'r', desiredAPIVersion: desired, objects },
  };
  const answer = await conversion(Box, given).answer(body, nothing);
  return { ...answer, review: JSON.parse(JSON.stringify(answer.review)) };
}

describe('a conversion', () => {
  it.each([
    {
      name: 'to the hub',
      desired: 'example.com/v1',
      given: [oldBox, oldRed],
      made: [box, red],
    },
    { name: 'from the hub', desired: 'example.com/v1alpha1', given: [box, red], made: [oldBox, oldRed] },
    { name: 'of what is in that version already', desired: 'example.com/v1', given: [box, oldBox], made: [box, box] },
    { name: 'of nothing', desired: 'example.com/v1', given: [], made: [] },
  ])('$name', async ({ desired, given, made }) => {
    const { failure, review } = await converted(desired, given);
    expect(failure).toBeUndefined();
    expect(review).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: { uid: 'r', convertedObjects: made, result: { status: 'Success' } },
    });
  });

  it('goes from one old version to another through the hub', async () => {
    const both = { ...spokes, v1beta1: { toHub: (one: Box) => one, fromHub: (one: Box) => one } };
    const body = { uid: 'r', desiredAPIVersion: 'example.com/v1beta1', objects: [oldRed] };
    const review = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request: body };
    const answer = await conversion(Box, both).answer(review, nothing);
    const wanted = [{ ...red, apiVersion: 'example.com/v1beta1' }];
    expect(JSON.parse(JSON.stringify(answer.review)).response.convertedObjects).toEqual(wanted);
  });

  it('cannot change what a thing is, only its labels and annotations', async () => {
    const renaming = {
      v1alpha1: {
        ...spokes.v1alpha1,
        toHub: (): Box => ({
          apiVersion: 'x/v9',
          kind: 'Bag',
          metadata: { name: 'b', labels: { l: '2' } },
          spec: { pieces: 1 },
        }),
      },
    };
    const { review } = await converted('example.com/v1', [oldBox], renaming);
    const wanted = [{ ...box, metadata: { ...metadata, labels: { l: '2' } }, spec: { pieces: 1 } }];
    expect(review.response.convertedObjects).toEqual(wanted);
  });

  const broken = {
    v1alpha1: {
      ...spokes.v1alpha1,
      toHub: (one: OldBox): Box => {
        if (one.spec.rest === 11) throw new TypeError('eleven is odd');
        return spokes.v1alpha1.toHub(one);
      },
    },
  };
  const eleven = { ...oldBox, metadata: { name: 'odd', namespace: 'n' }, spec: { dozens: 0, rest: 11 } };

  it.each([
    {
      name: 'code that throws',
      desired: 'example.com/v1',
      objects: [oldBox, eleven],
      message: 'Box n/odd, from example.com/v1alpha1 to example.com/v1: eleven is odd',
      panicked: true,
    },
    {
      name: 'a version that is not known',
      desired: 'example.com/v2',
      objects: [oldBox],
      message:
        'Box n/a, from example.com/v1alpha1 to example.com/v2: example.com/v2 is not known; known are example.com/v1, example.com/v1alpha1',
      panicked: false,
    },
    {
      name: 'no object',
      desired: 'example.com/v1',
      objects: [7],
      message: 'request.objects holds something without metadata',
      panicked: false,
    },
  ])('fails as a whole for $name, and names the object', async ({ desired, message, objects, panicked }) => {
    const { failure, review, panicked: counted } = await converted(desired, objects, broken);
    expect(review.response).toEqual({ uid: 'r', convertedObjects: [], result: { status: 'Failure', message } });
    expect(failure).toMatchObject({ code: 'ConversionFailed', message });
    expect(counted).toBe(panicked);
  });

  it('refuses what is no review', async () => {
    await expect(conversion(Box, spokes).answer({ kind: 'Box' }, nothing)).rejects.toThrow(BadReview);
  });
});

const labels = fc.option(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.stringMatching(/^[a-z]{0,5}$/)), {
  nil: undefined,
});
const meta = fc.record(
  { name: fc.constant('a'), uid: fc.uuid(), labels, annotations: labels },
  { requiredKeys: ['name'] },
);
const boxes: fc.Arbitrary<Box> = fc.record({
  metadata: meta,
  spec: fc.record({ pieces: fc.nat(), colour: fc.string() }, { requiredKeys: ['pieces'] }),
});
const oldBoxes: fc.Arbitrary<OldBox> = fc.record({
  metadata: meta,
  spec: fc.record({ dozens: fc.nat(10_000), rest: fc.nat(11) }),
});

describe('the check of a conversion', () => {
  it('is content with one that loses nothing', () => {
    const check = lossless(Box, spokes);
    fc.assert(fc.property(boxes, check.hub));
    fc.assert(fc.property(oldBoxes, check.version('v1alpha1')));
  });

  const forgets = {
    v1alpha1: {
      ...spokes.v1alpha1,
      fromHub: (one: Box) => spokes.v1alpha1.fromHub({ ...one, spec: { pieces: one.spec.pieces } }),
    },
  };
  const renames = {
    v1alpha1: {
      ...spokes.v1alpha1,
      fromHub: (one: Box) => spokes.v1alpha1.fromHub({ ...one, metadata: { ...one.metadata, name: 'b' } }),
    },
  };
  const writes = {
    v1alpha1: {
      ...spokes.v1alpha1,
      fromHub: (one: Box) => {
        Object.assign(one.spec, { pieces: 0 });
        return spokes.v1alpha1.fromHub(one);
      },
    },
  };
  it.each([
    { name: 'forgets a field', given: forgets, problem: 'through v1alpha1 and back the object is another' },
    { name: 'renames', given: renames, problem: 'metadata other than labels and annotations' },
    { name: 'writes into what it is given', given: writes, problem: 'changed the object it was given' },
  ])('finds one that $name', ({ given, problem }) => {
    const check = lossless(Box, given);
    const run = fc.check(fc.property(boxes, check.hub));
    expect(run.failed).toBe(true);
    expect(String(run.errorInstance)).toContain(problem);
  });
});
