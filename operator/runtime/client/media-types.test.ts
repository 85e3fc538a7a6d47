import { expect, test } from 'vitest';
import { acceptedTypes } from './media-types.ts';

const protobuf = {};
const metadataOnly = true;
const one = 'as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const many = 'as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

test.each([
  { name: 'no table', kind: {}, answer: 'watch', want: 'application/json' },
  {
    name: 'a table',
    kind: { protobuf },
    answer: 'list',
    want: 'application/vnd.kubernetes.protobuf,application/json',
  },
  {
    name: 'a table, watched',
    kind: { protobuf },
    answer: 'watch',
    want: 'application/vnd.kubernetes.protobuf;stream=watch,application/json',
  },
  {
    name: 'metadata',
    kind: { metadataOnly },
    answer: 'list',
    want: `application/json;${many},application/json`,
  },
  {
    name: 'metadata with a table',
    kind: { metadataOnly, protobuf },
    answer: 'watch',
    want: `application/vnd.kubernetes.protobuf;stream=watch;${one},application/json;${one},application/json`,
  },
] as const)('a kind with $name', ({ kind, answer, want }) => {
  expect(acceptedTypes(kind, answer)).toBe(want);
});
