/** Makes strings of bytes. Short ones that came lately are handed out again: label keys, names of nodes, phases repeat. */

const slots = 8192;
const longest = 64;
const prime = 0x01000193;

/** A cache that forgets: each text has one slot, and the last one stays. */
export class Interner {
  readonly #known: string[] = new Array<string>(slots).fill('');

  /** The text of the bytes `from` … `to`, which are UTF-8. */
  text(bytes: Buffer, from: number, to: number): string {
    if (to - from > longest) return bytes.toString('utf8', from, to);
    let hash = to - from;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte > 0x7f) return bytes.toString('utf8', from, to);
      hash = Math.imul(hash ^ byte, prime);
    }
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const known = this.#known[slot] ?? '';
    if (isText(known, bytes, from, to)) return known;
    const made = bytes.toString('latin1', from, to);
    this.#known[slot] = made;
    return made;
  }
}

function isText(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at - from) !== bytes[at]) return false;
  return true;
}
