/** What the API server checks in the metadata of every object. Throws `Refusal`. */
import type { ObjectMeta } from '../types.ts';
import { invalid, type Subject } from './refusals.ts';

/** At most one owner controls. */
export function checkOwners(subject: Subject, { ownerReferences = [] }: ObjectMeta): void {
  const controllers = ownerReferences.filter(({ controller }) => controller === true);
  if (controllers.length < 2) return;
  const names = controllers.map(({ kind, name }) => `${kind}/${name}`).join(' and ');
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${names}`;
  const message = `Invalid value: ${JSON.stringify(ownerReferences)}: ${why}`;
  throw invalid(subject, { reason: 'FieldValueInvalid', field: 'metadata.ownerReferences', message });
}

/** What is being deleted takes no more finalizers. */
export function checkFinalizers(subject: Subject, old: ObjectMeta, next: ObjectMeta): void {
  if (old.deletionTimestamp === undefined) return;
  const added = (next.finalizers ?? []).filter((name) => old.finalizers?.includes(name) !== true);
  if (added.length === 0) return;
  const names = added.map((name) => JSON.stringify(name)).join(', ');
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${names}}`;
  throw invalid(subject, { reason: 'FieldValueForbidden', field: 'metadata.finalizers', message });
}

/** The uid of an object never changes: a patch or an apply that names another one is refused as a change of it. */
export function checkUid(subject: Subject, old: ObjectMeta, uid: unknown): void {
  if (uid === undefined || uid === old.uid) return;
  const message = `Invalid value: ${JSON.stringify(uid)}: field is immutable`;
  throw invalid(subject, { reason: 'FieldValueInvalid', field: 'metadata.uid', message });
}
