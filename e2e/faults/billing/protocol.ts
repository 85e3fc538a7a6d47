/** What the checker and the process under test say to each other. */

/** An object of Kubernetes as the process sees it. */
export interface KubeJson {
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** The cluster at one moment. */
export interface ClusterView {
  readonly namespaces: readonly KubeJson[];
  readonly nodes: readonly KubeJson[];
  readonly pods: readonly KubeJson[];
}

/** Where the process stops, and how: at the nth time that it reaches a point (`*` is any point). */
export interface Halt {
  readonly point: string;
  readonly nth: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

/** How a process is started; one argument of its command line, as JSON. */
export interface SubjectOptions {
  /** URL of PostgreSQL, or the folder of an embedded database. */
  readonly database: { readonly url: string } | { readonly dataDir: string };
  /** File with the virtual time, milliseconds since 1970. */
  readonly clockFile: string;
  /** File with the number of the last batch that left, in the place of the cluster's mark. */
  readonly markFile: string;
  /** URL of the Stripe peer. */
  readonly peer: string;
  readonly eventNames: readonly string[];
  readonly sender: SenderName;
}

/**
 * The project's sender; the same stating whole hours; the same on the event stream (v2), which looks at events later; without
 * a mark outside its database; or one that has nothing but the identifier.
 */
export type SenderName = 'ours' | 'hourly' | 'stream' | 'markless' | 'naive';

/** Senders of the project as they are: what they do wrong is a violation. */
export const ownSenders: ReadonlySet<SenderName> = new Set(['ours', 'hourly', 'stream'] as const);

/** The calls by which a sender tells usage. */
export function sendRoute(sender: SenderName): string {
  return sender === 'stream' ? 'POST /v2/billing/meter_event_stream' : 'POST /v1/billing/meter_events';
}

/** A tenant and who pays for it, at which list of prices. */
export interface Payer {
  readonly tenant: string;
  readonly customer: string;
}

/** A price of the list that all tenants have. */
export interface Sku {
  readonly name: string;
  readonly model: string;
}

/** What the checker asks for. */
export type Command =
  | { readonly kind: 'prepare'; readonly payers: readonly Payer[]; readonly skus: readonly Sku[] }
  /** Takes webhooks on this port from now on. */
  | { readonly kind: 'listen'; readonly port: number; readonly secret: string }
  | { readonly kind: 'step'; readonly view: ClusterView; readonly halt?: Halt };

/** What a step did. */
export interface StepReply {
  /** Names of the pods whose finalizer went. */
  readonly released: readonly string[];
  /** Rows of the outbox by state. */
  readonly states: Readonly<Record<string, number>>;
  /** Invoices that webhooks made us look at: id, status, total. */
  readonly invoices: readonly string[];
}

/** Answers; `failed` names the error's code where it has one. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly step: StepReply }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
