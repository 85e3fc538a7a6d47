import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { ChannelConfig } from '../run/config.ts';

/** What a mail is made of. */
export interface MailParts {
  readonly channel: Pick<ChannelConfig, 'from' | 'postalAddress'>;
  readonly to: { readonly name: string; readonly email: string };
  readonly subject: string;
  readonly text: string;
  readonly unsubscribeUrl: string;
  /** Id of the outbox row; the Message-ID is made of it, so that it never changes. */
  readonly messageId: string;
  readonly date: Date;
}

/** A mail ready for the server. */
export interface Mail {
  readonly envelope: { readonly from: string; readonly to: string };
  readonly raw: Buffer;
}

/** The deterministic Message-ID of an outbox row, at the sender's domain. */
export function messageIdOf(outboxId: string, from: string): string {
  const domain = addressOf(from).split('@').at(-1) ?? 'localhost';
  const hash = createHash('sha256').update(outboxId).digest('hex').slice(0, 40);
  return `<${hash}@${domain}>`;
}

/** The bare address in `Name <address>`. */
export function addressOf(from: string): string {
  return /<([^<>]+)>\s*$/.exec(from)?.[1]?.trim() ?? from.trim();
}

/** Builds the mail: the text, the link to unsubscribe, the postal address, and the headers of RFC 2369 and RFC 8058. */
export async function composeMail(parts: MailParts): Promise<Mail> {
  const from = addressOf(parts.channel.from);
  const composer = new MailComposer({
    from: parts.channel.from,
    to: { name: parts.to.name, address: parts.to.email },
    subject: parts.subject,
    text: `${parts.text.trimEnd()}\n\n-- \nUnsubscribe: ${parts.unsubscribeUrl}\n${parts.channel.postalAddress}\n`,
    messageId: messageIdOf(parts.messageId, parts.channel.from),
    date: parts.date,
    headers: {
      'List-Unsubscribe': { prepared: true, value: `<${parts.unsubscribeUrl}>` },
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    },
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { envelope: { from, to: parts.to.email }, raw: await composer.compile().build() };
}
