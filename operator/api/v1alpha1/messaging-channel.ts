import type { CommonStatus, CustomResource, Int32, Name } from '../common.ts';

/**
 * MessagingChannel is a way to write to people, with what the law asks to be in each message.
 * @resource plural=messagingchannels singular=messagingchannel shortNames=gchan categories=gpuopt scope=Namespaced
 * @column Name=Type type=string path=.spec.type description="Kind of channel"
 * @column Name=From type=string path=.spec.from description="Sender"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True Accepted -- mail goes to the server that the message names
 * @condition Ready=False NotCompliant -- the channel lacks what the law asks to be in each mail
 * @condition Ready=False NamespaceNotAllowed -- the namespace is not open to channels; the message has the label that opens it
 * @condition Compliant=True SenderNamed -- mails name a postal address and a way to unsubscribe
 * @condition Compliant=False NotCompliant -- postalAddress or unsubscribeBaseURL is missing or not usable
 */
export interface MessagingChannel extends CustomResource<MessagingChannelSpec, MessagingChannelStatus> {}

/** MessagingChannelSpec says how messages leave. */
export type MessagingChannelSpec = SMTPChannelSpec;

/** SMTPChannelSpec sends mail. */
export interface SMTPChannelSpec {
  /** type is the kind of channel. */
  readonly type: 'SMTP';
  /** smtp says which server takes the mail. */
  readonly smtp: SMTPServer;
  /**
   * from is the sender: an address, or a name followed by an address in angle brackets.
   * @minLength 3
   * @maxLength 320
   * @pattern ^[^\r\n]+@[^\r\n]+$
   */
  readonly from: string;
  /**
   * postalAddress stands at the foot of each mail, as the law asks of the sender.
   * @minLength 10
   * @maxLength 512
   */
  readonly postalAddress: string;
  /**
   * unsubscribeBaseURL is where the link and the List-Unsubscribe header point; a signed token is added to it.
   * @minLength 10
   * @maxLength 512
   * @pattern ^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$
   */
  readonly unsubscribeBaseURL: string;
  /**
   * maxPerSecond bounds the sending.
   * @min 1
   * @max 1000
   * @default 10
   */
  readonly maxPerSecond?: Int32;
}

/**
 * SMTPServer is a mail server.
 * @rule !has(self.credentialsSecretName) || self.tls != 'Disabled' -- credentials are not sent without TLS: set tls to Required, or leave credentialsSecretName out for a relay that asks for none
 */
export interface SMTPServer {
  /**
   * host is its name or address.
   * @minLength 1
   * @maxLength 253
   * @pattern ^[A-Za-z0-9.:-]+$
   */
  readonly host: string;
  /**
   * port is its port.
   * @min 1
   * @max 65535
   * @default 587
   */
  readonly port?: Int32;
  /**
   * tls is Required (STARTTLS or TLS, with a certificate that is checked) or Disabled, for a relay inside the cluster.
   * @default "Required"
   */
  readonly tls?: 'Required' | 'Disabled';
  /** credentialsSecretName names a Secret of the same namespace with the keys username and password. */
  readonly credentialsSecretName?: Name;
}

/** MessagingChannelStatus tells whether the channel can be used. */
export interface MessagingChannelStatus extends CommonStatus {}
