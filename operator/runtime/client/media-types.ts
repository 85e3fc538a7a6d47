/** In which form lists and watches are asked for, and in which one an answer came. */
import type { Kind, KubeObject } from '../types.ts';

const json = 'application/json';
const protobuf = 'application/vnd.kubernetes.protobuf';

/**
 * The Accept header. Kinds with a table ask for protobuf first; what does not speak it (an aggregated API server, for
 * example) answers in JSON. Of a kind that is cached as metadata, whole objects are the last choice, as client-go's
 * metadata informers ask.
 */
export function acceptedTypes(
  kind: Pick<Kind<KubeObject>, 'metadataOnly' | 'protobuf'>,
  answer: 'list' | 'watch',
): string {
  const binary = answer === 'watch' ? `${protobuf};stream=watch` : protobuf;
  const forms = kind.protobuf === undefined ? [json] : [binary, json];
  if (kind.metadataOnly !== true) return forms.join(',');
  const as = answer === 'watch' ? 'PartialObjectMetadata' : 'PartialObjectMetadataList';
  return [...forms.map((form) => `${form};as=${as};g=meta.k8s.io;v=v1`), json].join(',');
}

/** Whether an answer of this Content-Type is protobuf. */
export function isProtobuf(contentType: string): boolean {
  return contentType.startsWith(protobuf);
}
