import type { Clock, Logger } from '../../observability/index.ts';
import type { Mailer, SmtpCredentials } from '../mail/smtp.ts';
import type { ChannelConfig, RunConfig } from '../run/config.ts';
import type { Fence, RunStore } from '../run/contract.ts';

/** What a step works with. */
export interface StepContext {
  readonly config: RunConfig;
  readonly store: RunStore;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly log: Logger;
  /** Folder below which the inputs are mounted. */
  readonly mountRoot: string;
  readonly openMailer: (channel: ChannelConfig, credentials: SmtpCredentials | undefined) => Mailer;
  /** Aborted when the pod must stop or another attempt took the run. */
  readonly signal: AbortSignal;
}
