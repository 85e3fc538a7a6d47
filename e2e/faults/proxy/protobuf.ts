/** As much of protobuf as a proxy needs, by itself: it must not share mistakes with the reader that is tested. */

const VARINT = 0;
const BYTES = 2;

/** The contents of the fields that have a length, by number. Numbers are passed over; anything else throws TypeError. */
export function fields(message: Buffer): ReadonlyMap<number, readonly Buffer[]> {
  const found = new Map<number, Buffer[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at);
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === VARINT) {
      varint();
      continue;
    }
    if (tag % 8 !== BYTES) throw new TypeError(`protobuf field ${number} has wire type ${tag % 8}`);
    const length = varint();
    found.set(number, [...(found.get(number) ?? []), message.subarray(at, at + length)]);
    at += length;
  }
  return found;
}

/** The first field of a number, or no bytes. */
export function first(found: ReadonlyMap<number, readonly Buffer[]>, number: number): Buffer {
  return found.get(number)?.[0] ?? Buffer.alloc(0);
}

/** Writes a field: text, bytes or a number. */
export function field(number: number, value: string | Buffer | number): Buffer {
  if (typeof value === 'number') return Buffer.from([number * 8 + VARINT, ...varint(value)]);
  const content = Buffer.from(value);
  return Buffer.concat([Buffer.from([number * 8 + BYTES, ...varint(content.length)]), content]);
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
