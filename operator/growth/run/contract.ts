/**
 * What a run asks of the store. A run pod has no database: it speaks this contract over HTTP (remote.ts)
 * to the operator, which answers from the database (direct.ts). Everything in it is plain JSON.
 */

/** The campaign that a run is for. */
export interface CampaignKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Proof that a writer holds the run; each later claim makes it worthless. */
export interface Fence {
  readonly runId: string;
  readonly attempt: number;
}

/** Numbers of a step or a run, by name. */
export type Counts = Readonly<Record<string, number>>;

/** Asks for the period that the Job was registered for. */
export interface ClaimRequest {
  readonly campaign: CampaignKey;
  readonly jobUid: string;
  /** Unique for the process that asks; a repeated question of one process gets the same answer. */
  readonly claimant: string;
  readonly configHash: string;
  readonly dryRun: boolean;
}

/** The answer to a claim. */
export type Claim =
  | {
      readonly kind: 'claimed';
      readonly fence: Fence;
      readonly period: string;
      /** Steps that an earlier attempt finished, with their numbers. */
      readonly done: readonly { readonly name: string; readonly counts: Counts }[];
      readonly leaseMillis: number;
    }
  | { readonly kind: 'done'; readonly runId: string; readonly period: string; readonly counts: Counts }
  | { readonly kind: 'held'; readonly retryMillis: number }
  | { readonly kind: 'unregistered' };

/** One row of a CSV that says something about a person's consent. */
export interface ContactRow {
  readonly email: string;
  readonly name: string;
  /** A person whose consent is `withdrawn` is not brought in; who is there already gets no more mail on the topics. */
  readonly consent: 'granted' | 'withdrawn';
  readonly topics: readonly string[];
  /** RFC 3339. */
  readonly consentTime: string;
  readonly source: string;
}

/** Who may be written to, and for which step. */
export interface PlanRequest {
  readonly step: string;
  readonly topic: string;
  readonly lawfulBasis: 'Consent' | 'Contract' | 'LegitimateInterest';
  /** Most mails of the whole run. */
  readonly maxMessages: number;
  /** Count only. */
  readonly dryRun: boolean;
}

/** What was planned. */
export interface Planned {
  /** Mails of this step, those of earlier attempts included. */
  readonly planned: number;
  /** Contacts that must not be written to. */
  readonly skipped: number;
  /** Contacts that wait for a later period, because the run is full. */
  readonly overLimit: number;
}

/** A mail that this attempt, and nobody else, may now send. */
export interface ClaimedMessage {
  readonly kind: 'message';
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly unsubscribeToken: string;
}

/** The next thing to do in a sending step. */
export type Next = ClaimedMessage | { readonly kind: 'wait'; readonly millis: number } | { readonly kind: 'empty' };

/** What happened to a mail. `deferred` is tried again; `unknown` never. */
export interface Delivery {
  readonly messageId: string;
  readonly state: 'accepted' | 'deferred' | 'rejected' | 'unknown';
  /** Reply code of the server, for example `250` or `550 5.1.1`. */
  readonly reply: string;
  /** The address will never work: nobody may write to it again. */
  readonly hardBounce: boolean;
}

/** Ends an attempt that did not finish the period; another Job may resume it. */
export interface Failure {
  readonly code: string;
  /** A sentence without any person's data. */
  readonly message: string;
}

/** The store as a run sees it. Every method may be repeated with the same arguments. All but `claim` throw `Fenced` when another attempt took over. */
export interface RunStore {
  claim(request: ClaimRequest, signal: AbortSignal): Promise<Claim>;
  heartbeat(fence: Fence, signal: AbortSignal): Promise<void>;
  importContacts(fence: Fence, step: string, rows: readonly ContactRow[], signal: AbortSignal): Promise<void>;
  planMessages(fence: Fence, request: PlanRequest, signal: AbortSignal): Promise<Planned>;
  /** `nonce` is new for each mail: asked again with the same nonce, the same mail is answered. */
  claimMessage(fence: Fence, step: string, nonce: string, signal: AbortSignal): Promise<Next>;
  recordDelivery(fence: Fence, delivery: Delivery, signal: AbortSignal): Promise<void>;
  /** What a step has done so far, earlier attempts included: `imported` contacts, mails by state. Zeros are left out. */
  countStep(fence: Fence, step: string, signal: AbortSignal): Promise<Counts>;
  /** Commits a step with its numbers; a finished step is never walked again. */
  finishStep(fence: Fence, step: string, counts: Counts, signal: AbortSignal): Promise<void>;
  finish(fence: Fence, message: string, signal: AbortSignal): Promise<void>;
  fail(fence: Fence, failure: Failure, signal: AbortSignal): Promise<void>;
}

/** The names of the methods of the store, which are also its paths over HTTP. */
export const runStoreMethods = [
  'claim',
  'heartbeat',
  'importContacts',
  'planMessages',
  'claimMessage',
  'recordDelivery',
  'countStep',
  'finishStep',
  'finish',
  'fail',
] as const satisfies readonly (keyof RunStore)[];

/**
 * Thrown when another attempt holds the run: the caller must stop at once.
 * @remedy nothing: the later attempt goes on with the run
 */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  readonly code = 'Fenced';
  constructor(fence: Fence, options?: ErrorOptions) {
    super(
      `attempt ${fence.attempt} of run ${fence.runId} was taken over by a later one, so nothing more may be written`,
      options,
    );
  }
}
