/** Admission webhooks: an AdmissionReview of admission.k8s.io/v1 in, a verdict out. */
import { apiVersionOf } from '../kinds.ts';
import type { Kind, KubeObject, Reader } from '../types.ts';
import { jsonPatch } from './json-patch.ts';
import { type Answer, BadReview, fields, requestOf, type Webhook } from './webhook.ts';

const apiVersion = 'admission.k8s.io/v1';
const review = { apiVersion, kind: 'AdmissionReview' } as const;

/** What the API server asks about; `object` is absent on DELETE, `oldObject` on CREATE. */
export interface AdmissionRequest<T> {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** Empty while the name of a new object is not made yet. */
  readonly name?: string;
  readonly namespace?: string;
  readonly subResource?: string;
  readonly userInfo: { readonly username?: string; readonly uid?: string; readonly groups?: readonly string[] };
  readonly object?: T;
  readonly oldObject?: T;
  /** Nothing will be stored: effects outside the object must not happen. */
  readonly dryRun: boolean;
}

/** What every verdict may carry. */
interface Remarks {
  /** Shown to who asked, one line each; what is longer than 256 characters may be cut. */
  readonly warnings?: readonly string[];
  /** Written to the audit log under the webhook's name. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** No, and why; `code` and `reason` are those of a Status, 403 and Forbidden unless given. */
export interface Refusal extends Remarks {
  readonly allowed: false;
  readonly message: string;
  readonly code?: number;
  readonly reason?: string;
}

/** Yes or no. */
export type Verdict = (Remarks & { readonly allowed: true }) | Refusal;

/** Yes, with the object as it should be (absent: as it is), or no. */
export type Mutation<T> = (Remarks & { readonly allowed: true; readonly object?: T }) | Refusal;

/** What decides; it must not change what it is given. Objects are whole: they are not projected as in the cache. */
export type Decide<T, V> = (request: AdmissionRequest<T>, reader: Reader) => V | Promise<V>;

/**
 * A mutating webhook. The patch is made from the object before and after. When `decide` throws, the answer is HTTP 500,
 * so that the failurePolicy of the webhook holds: an answer that says "not allowed" would refuse under `Ignore` too.
 */
export function mutating<T extends KubeObject>(kind: Kind<T>, path: string, decide: Decide<T, Mutation<T>>): Webhook {
  return admission(kind, path, async (request, reader) => {
    const verdict = await decide(request, reader);
    const after = verdict.allowed ? verdict.object : undefined;
    const steps = after === undefined ? [] : jsonPatch(request.object, after);
    if (steps.length === 0) return said(verdict);
    // The wire form is a string of base64.
    const patch = Buffer.from(JSON.stringify(steps)).toString('base64');
    return { ...said(verdict), patchType: 'JSONPatch', patch };
  });
}

/** A validating webhook; what a throw means stands at `mutating`. */
export function validating<T extends KubeObject>(kind: Kind<T>, path: string, decide: Decide<T, Verdict>): Webhook {
  return admission(kind, path, async (request, reader) => said(await decide(request, reader)));
}

type Respond<T> = (request: AdmissionRequest<T>, reader: Reader) => Promise<object>;

function admission<T extends KubeObject>(kind: Kind<T>, path: string, respond: Respond<T>): Webhook {
  const answer = async (body: unknown, reader: Reader): Promise<Answer> => {
    const request = admissionRequest(body, kind);
    const { uid } = request;
    try {
      return { review: { ...review, response: { uid, ...(await respond(request, reader)) } } };
    } catch (failure) {
      const status = { code: 500, reason: 'InternalError', message: `the webhook ${path} failed` };
      return { review: { ...review, response: { uid, allowed: false, status } }, failure, panicked: true };
    }
  };
  return { path, type: 'admission', answer };
}

/** The part of a response that both kinds of webhook share. */
function said(verdict: Verdict): object {
  const { warnings, auditAnnotations } = verdict;
  const remarks = { ...(warnings?.length && { warnings }), ...(auditAnnotations && { auditAnnotations }) };
  if (verdict.allowed) return { allowed: true, ...remarks };
  const { code = 403, message, reason = 'Forbidden' } = verdict;
  return { allowed: false, status: { code, reason, message }, ...remarks };
}

const operations = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;

function admissionRequest<T extends KubeObject>(body: unknown, kind: Kind<T>): AdmissionRequest<T> {
  const request = requestOf(body, apiVersion, review.kind);
  const asked = fields(request.kind);
  if (asked?.group !== kind.group || asked.version !== kind.version || asked.kind !== kind.kind) {
    const got = `${String(asked?.group)}/${String(asked?.version)} ${String(asked?.kind)}`;
    throw new BadReview(`expected ${apiVersionOf(kind)} ${kind.kind}, got ${got}; correct the rules of the webhook`);
  }
  const operation = operations.find((one) => one === request.operation);
  if (operation === undefined) throw new BadReview(`unknown operation ${String(request.operation)}`);
  return {
    uid: String(request.uid),
    operation,
    name: text(request.name),
    namespace: text(request.namespace),
    subResource: text(request.subResource),
    userInfo: fields(request.userInfo) ?? {},
    object: objectOf<T>(request.object),
    oldObject: objectOf<T>(request.oldObject),
    dryRun: request.dryRun === true,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The API server has checked the object against its schema. */
function objectOf<T extends KubeObject>(value: unknown): T | undefined {
  return fields(value) === undefined ? undefined : (value as T);
}
