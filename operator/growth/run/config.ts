import { createHash } from 'node:crypto';

/** A mail server and what the law asks to be in each mail. */
export interface ChannelConfig {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: 'Required' | 'Disabled';
  readonly from: string;
  readonly postalAddress: string;
  readonly unsubscribeBaseURL: string;
  readonly maxPerSecond: number;
  /** Whether a Secret with username and password is mounted. */
  readonly credentials: boolean;
}

/** One step of a run. */
export type StepConfig =
  | { readonly name: string; readonly type: 'LeadImport' }
  | { readonly name: string; readonly type: 'EmailSend'; readonly subject: string; readonly channel: ChannelConfig };

/** All that a run needs to know of its campaign; frozen into the Job, so that an edit reaches the next Job only. */
export interface RunConfig {
  readonly namespace: string;
  readonly campaign: string;
  readonly uid: string;
  readonly dryRun: boolean;
  readonly lawfulBasis: 'Consent' | 'Contract' | 'LegitimateInterest';
  readonly topic: string;
  readonly maxMessagesPerRun: number;
  readonly steps: readonly StepConfig[];
}

/** Sixteen hex digits that change with the config; recorded with a run, never part of what is done once. */
export function configHash(config: RunConfig): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16);
}

/** Where a run pod finds its inputs, below the mount root. */
export const mounts = {
  root: '/var/run/gpuopt',
  csv: (step: string) => `steps/${step}/contacts.csv`,
  template: (step: string) => `steps/${step}/template.liquid`,
  credentials: (channel: string) => `channels/${channel}`,
  token: 'token/token',
} as const;

/** The audience of the tokens that run pods show to the operator. */
export const jobAudience = 'gpuoptimizer.io/jobs';

/** The ServiceAccount of every run pod; it has no rights in the cluster. */
export const jobServiceAccount = 'gpuopt-growth-job';
