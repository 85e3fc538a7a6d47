/** Writes protobuf for tests: by the rules of the format alone, without the tables that are tested. */

/** A number as a varint; a negative one takes ten bytes, as Go writes it. */
export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

/** A field: a number or boolean, text, or what is written already. */
export function field(number: number, value: number | bigint | boolean | string | Uint8Array): Buffer {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return Buffer.concat([varint(number << 3), varint(typeof value === 'boolean' ? Number(value) : value)]);
  const content = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

/** A message of fields. */
export function message(...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(fields);
}

/** An entry of a map. */
export function entry(number: number, key: string, value: string | Uint8Array): Buffer {
  return field(number, message(field(1, key), field(2, value)));
}

/** What is around every object. */
export function envelope(kind: string, object: Uint8Array, apiVersion = 'v1'): Buffer {
  const type = message(field(1, apiVersion), field(2, kind));
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, object), field(3, ''), field(4, '')]);
}

/** A frame of a watch. */
export function frame(type: string, kind: string, object: Uint8Array): Buffer {
  const event = message(field(1, type), field(2, field(1, envelope(kind, object))));
  const header = Buffer.alloc(4);
  header.writeUInt32BE(event.length);
  return Buffer.concat([header, event]);
}

/** Cuts bytes into chunks of these sizes, again and again. */
export function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
