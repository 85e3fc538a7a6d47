import { createHash } from 'node:crypto';

/** What names a usage event for ever; times in unix seconds. Value and attempt are not part of it. */
export interface EventIdentity {
  readonly account: string;
  readonly mode: 'test' | 'live';
  readonly eventName: string;
  readonly customer: string;
  readonly start: number;
  readonly end: number;
  readonly revision: number;
  /** Only where another tenant of the same customer has the identifier without it. */
  readonly tenant?: string;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** `gm1_` and the lower-case unpadded base32 of a SHA-256 over the identity, one part a line: 56 characters. */
export function identifierOf(identity: EventIdentity): string {
  const { account, mode, eventName, customer, start, end, revision, tenant } = identity;
  const parts = [account, mode, eventName, customer, start, end, revision];
  const text = [...parts, ...(tenant === undefined ? [] : [tenant])].join('\n');
  return `gm1_${base32(createHash('sha256').update(text).digest())}`;
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(held >>> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31];
}
