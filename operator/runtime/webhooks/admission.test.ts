import { describe, expect, it } from 'vitest';
import { Note, Toy } from '../testing/toys.ts';
import type { Reader } from '../types.ts';
import { type Decide, type Mutation, mutating, type Verdict, validating } from './admission.ts';
import { BadReview } from './webhook.ts';

const nothing: Reader = { get: () => undefined, list: () => [] };
const toy = { apiVersion: 'example.com/v1', kind: 'Toy', metadata: { name: 'a', namespace: 'n' }, spec: { size: 1 } };
const request = {
  uid: 'u-1',
  kind: { group: 'example.com', version: 'v1', kind: 'Toy' },
  operation: 'CREATE',
  name: 'a',
  namespace: 'n',
  userInfo: { username: 'alice', groups: ['g'] },
  object: toy,
  oldObject: null,
  dryRun: true,
};
const reviewOf = (more: object = {}): object => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { ...request, ...more },
});
const head = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };

interface Row {
  readonly name: string;
  readonly verdict: Verdict;
  readonly response: object;
}

const rows: readonly Row[] = [
  { name: 'yes', verdict: { allowed: true }, response: { allowed: true } },
  {
    name: 'yes with remarks',
    verdict: { allowed: true, warnings: ['odd'], auditAnnotations: { why: 'x' } },
    response: { allowed: true, warnings: ['odd'], auditAnnotations: { why: 'x' } },
  },
  {
    name: 'no',
    verdict: { allowed: false, message: 'too big' },
    response: { allowed: false, status: { code: 403, reason: 'Forbidden', message: 'too big' } },
  },
  {
    name: 'no with code, reason and remarks',
    verdict: { allowed: false, message: 'twice', code: 409, reason: 'Conflict', warnings: ['odd'] },
    response: { allowed: false, status: { code: 409, reason: 'Conflict', message: 'twice' }, warnings: ['odd'] },
  },
];

describe('a validating webhook', () => {
  it.each(rows)('says $name under the uid of the request', async ({ response, verdict }) => {
    const hook = validating(Toy, '/toys', () => verdict);
    const wanted = { review: { ...head, response: { uid: 'u-1', ...response } } };
    expect(await hook.answer(reviewOf(), nothing)).toEqual(wanted);
    expect(await validating(Toy, '/toys', async () => verdict).answer(reviewOf(), nothing)).toEqual(wanted);
  });

  it('passes on who asks for what, whether it is a dry run, and what the cache knows', async () => {
    const seen: unknown[] = [];
    const see: Decide<Toy, Verdict> = (asked, reader) => {
      seen.push(asked, reader);
      return { allowed: true };
    };
    await validating(Toy, '/toys', see).answer(reviewOf(), nothing);
    const { kind: _kind, oldObject: _none, ...rest } = request;
    expect(seen).toEqual([{ ...rest, oldObject: undefined, subResource: undefined }, nothing]);
    seen.length = 0;
    const gone = { operation: 'DELETE', object: null, oldObject: toy, dryRun: false, subResource: 'status' };
    await validating(Toy, '/toys', see).answer(reviewOf(gone), nothing);
    expect(seen[0]).toMatchObject({ operation: 'DELETE', oldObject: toy, dryRun: false, subResource: 'status' });
    expect(Object(seen[0]).object).toBeUndefined();
  });

  it('says why there is no verdict when the code fails, and keeps the uid', async () => {
    const failure = new TypeError('oops');
    const hook = validating(Toy, '/toys', () => {
      throw failure;
    });
    const status = { code: 500, reason: 'InternalError', message: 'the webhook /toys failed' };
    const review = { ...head, response: { uid: 'u-1', allowed: false, status } };
    expect(await hook.answer(reviewOf(), nothing)).toEqual({ review, failure, panicked: true });
  });

  it.each([
    { name: 'no object', body: 7, problem: 'expected admission.k8s.io/v1 AdmissionReview' },
    {
      name: 'an old review',
      body: { ...reviewOf(), apiVersion: 'admission.k8s.io/v1beta1' },
      problem: 'review versions',
    },
    { name: 'no uid', body: reviewOf({ uid: '' }), problem: 'no request.uid' },
    {
      name: 'another kind',
      body: reviewOf({ kind: { group: '', version: 'v1', kind: 'Pod' } }),
      problem: 'got /v1 Pod',
    },
    { name: 'an unknown operation', body: reviewOf({ operation: 'MOVE' }), problem: 'operation MOVE' },
  ])('refuses $name', async ({ body, problem }) => {
    const answer = validating(Toy, '/toys', () => ({ allowed: true })).answer(body, nothing);
    await expect(answer).rejects.toThrow(BadReview);
    await expect(answer).rejects.toThrow(problem);
  });
});

describe('a mutating webhook', () => {
  const answered = async (verdict: Mutation<Toy>): Promise<Readonly<Record<string, unknown>>> => {
    const { review } = await mutating(Toy, '/toys', () => verdict).answer(reviewOf(), nothing);
    const { patch, ...response } = Object(review).response;
    return patch === undefined ? response : { ...response, patch: JSON.parse(Buffer.from(patch, 'base64').toString()) };
  };

  it('makes a patch of the object before and after', async () => {
    const after = { ...toy, metadata: { ...toy.metadata, labels: { 'a/b': 'c' } }, spec: { size: 2 } };
    expect(await answered({ allowed: true, object: after, warnings: ['grown'] })).toEqual({
      uid: 'u-1',
      allowed: true,
      warnings: ['grown'],
      patchType: 'JSONPatch',
      patch: [
        { op: 'add', path: '/metadata/labels', value: { 'a/b': 'c' } },
        { op: 'replace', path: '/spec/size', value: 2 },
      ],
    });
  });

  it('sends no patch when nothing changes', async () => {
    expect(await answered({ allowed: true })).toEqual({ uid: 'u-1', allowed: true });
    expect(await answered({ allowed: true, object: structuredClone(toy) })).toEqual({ uid: 'u-1', allowed: true });
  });

  it('can refuse', async () => {
    const status = { code: 403, reason: 'Forbidden', message: 'no' };
    expect(await answered({ allowed: false, message: 'no' })).toEqual({ uid: 'u-1', allowed: false, status });
  });

  it('is for one kind', async () => {
    await expect(mutating(Note, '/notes', () => ({ allowed: true })).answer(reviewOf(), nothing)).rejects.toThrow(
      'expected v1 ConfigMap, got example.com/v1 Toy',
    );
  });
});
