/** X.509 certificates for tests: a small authority that lives as long as the test. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What a certificate says. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  /** IPv4 addresses. */
  readonly ips?: readonly string[];
  /** Default: an hour ago until in an hour. */
  readonly from?: Date;
  readonly until?: Date;
}

/** A certificate with its key, in PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** An authority of its own. */
export interface Authority {
  /** In PEM, for who is to trust it. */
  readonly cert: string;
  issue(request: CertificateRequest): Issued;
}

const hourMillis = 3_600_000;

/** Makes an authority. */
export function createAuthority(commonName = 'test authority'): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = { commonName, subjectKey: publicKey, issuer: commonName, issuerKey: publicKey, signer: privateKey };
  const certificateSign = bits(1, 0b0000_0100);
  const isAuthority = sequence(tagged(0x01, Buffer.of(0xff)));
  const cert = certificate({
    ...own,
    extensions: [critical('2.5.29.19', isAuthority), critical('2.5.29.15', certificateSign)],
  });
  const issue = (request: CertificateRequest): Issued => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = [
      ...(request.dnsNames ?? []).map((name) => tagged(0x82, Buffer.from(name))),
      ...(request.ips ?? []).map((ip) => tagged(0x87, Buffer.from(ip.split('.').map(Number)))),
    ];
    const extensions = [extension('2.5.29.17', sequence(...names))];
    const made = { ...own, ...request, subjectKey: pair.publicKey, extensions };
    return { cert: certificate(made), key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  };
  return { cert, issue };
}

interface Contents extends CertificateRequest {
  readonly subjectKey: KeyObject;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificate(contents: Contents): string {
  const { commonName, extensions, from, issuer, issuerKey, signer, subjectKey, until } = contents;
  const now = Date.now();
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const ownId = extension('2.5.29.14', tagged(0x04, keyId(subjectKey)));
  const issuerId = extension('2.5.29.35', sequence(tagged(0x80, keyId(issuerKey))));
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    // A positive number: the first bit is 0.
    tagged(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ecdsaWithSha256,
    named(issuer),
    sequence(time(from ?? new Date(now - hourMillis)), time(until ?? new Date(now + hourMillis))),
    named(commonName),
    subjectKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions, ownId, issuerId)),
  );
  const signature = tagged(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, signer)]));
  const text = sequence(body, ecdsaWithSha256, signature).toString('base64');
  const lines = ['-----BEGIN CERTIFICATE-----', ...(text.match(/.{1,64}/g) ?? []), '-----END CERTIFICATE-----'];
  return `${lines.join('\n')}\n`;
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function named(commonName: string): Buffer {
  const attribute = sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(commonName)));
  return sequence(tagged(0x31, attribute));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), tagged(0x04, value));
}

/** An extension that who verifies must know. */
function critical(id: string, value: Buffer): Buffer {
  return sequence(oid(id), tagged(0x01, Buffer.of(0xff)), tagged(0x04, value));
}

/** A BIT STRING of one byte with so many unused bits. */
function bits(unused: number, byte: number): Buffer {
  return tagged(0x03, Buffer.of(unused, byte));
}

/** UTCTime: YYMMDDhhmmssZ. */
function time(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${text}Z`));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [40 * first + second, ...rest].flatMap((part) => {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tagged(0x06, Buffer.from(bytes));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** Tag, length, value: the Distinguished Encoding Rules of ASN.1. */
function tagged(tag: number, value: Buffer): Buffer {
  const { length } = value;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), value]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >>> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), value]);
}
