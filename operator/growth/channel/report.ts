import type { MessagingChannel, MessagingChannelStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';

/** What is known about a channel without reading its Secret, which only run pods mount. */
export interface ChannelFacts {
  readonly compliant: boolean;
  readonly needs: string;
}

/** The status of a channel. */
export function report(channel: MessagingChannel, facts: ChannelFacts): StatusIntent<MessagingChannelStatus> {
  return { conditions: [ready(channel, facts), compliant(facts)] };
}

function ready(channel: MessagingChannel, facts: ChannelFacts): ConditionIntent {
  if (!facts.compliant)
    return { type: 'Ready', status: 'False', reason: 'NotCompliant', message: `the channel needs ${facts.needs}` };
  const { smtp } = channel.spec;
  const secret = smtp.credentialsSecretName;
  const login =
    secret === undefined ? 'without credentials' : `with the credentials in Secret ${secret}, which the runs read`;
  const message = `mail goes to ${smtp.host}:${smtp.port ?? 587} ${login}`;
  return { type: 'Ready', status: 'True', reason: 'Accepted', message };
}

function compliant(facts: ChannelFacts): ConditionIntent {
  return facts.compliant
    ? {
        type: 'Compliant',
        status: 'True',
        reason: 'SenderNamed',
        message: 'mails name a postal address and a way to unsubscribe',
      }
    : { type: 'Compliant', status: 'False', reason: 'NotCompliant', message: `the channel needs ${facts.needs}` };
}
