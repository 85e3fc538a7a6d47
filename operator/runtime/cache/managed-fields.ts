/**
 * Cuts `metadata.managedFields` out of an object's JSON before it is parsed. Nobody reads it from the cache, it is about
 * half of a pod's text, and its keys, which are names of fields, are what JSON.parse takes longest for.
 */
const key = Buffer.from('"managedFields":[');
const metadataKey = Buffer.from('"metadata":');
const objectKey = Buffer.from('"object":');
const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** The keys that lead from the root of the text to the metadata. */
const paths = { object: [metadataKey], event: [objectKey, metadataKey] } as const;

/**
 * The text of an object, or of a watch event, without the entries of its own managedFields. What is not as compact as
 * the API server writes it comes back whole, and so do managedFields anywhere else.
 */
export function withoutManagedFields(json: Buffer, within: keyof typeof paths): string {
  // Inside a string the closing quote would be escaped, so this is a key; whose, the walk from the start says.
  const at = json.indexOf(key);
  if (at < 0 || !isInMetadata(json, at, paths[within])) return json.toString('utf8');
  const from = at + key.length;
  const end = endOfList(json, from);
  return end < 0 ? json.toString('utf8') : json.toString('utf8', 0, from) + json.toString('utf8', end);
}

/** Whether exactly these keys lead from the root to the object that is open at `at`. */
function isInMetadata(json: Buffer, at: number, keys: readonly Buffer[]): boolean {
  const opened: number[] = [];
  for (let i = 0; i < at; i += 1) {
    const byte = json[i];
    if (byte === quote) i = endOfString(json, i);
    else if (byte === openBrace || byte === openBracket) opened.push(i);
    else if (byte === closeBrace || byte === closeBracket) opened.pop();
  }
  return opened.length === keys.length + 1 && keys.every((each, depth) => opensAfter(json, opened[depth + 1], each));
}

function opensAfter(json: Buffer, brace = 0, text: Buffer): boolean {
  const from = brace - text.length;
  return from >= 0 && json.compare(text, 0, text.length, from, brace) === 0;
}

/** The position of the bracket that closes the list whose content begins at `from`; -1 when the text was cut. */
function endOfList(json: Buffer, from: number): number {
  let depth = 1;
  for (let i = from; i < json.length; i += 1) {
    const byte = json[i];
    if (byte === quote) i = endOfString(json, i);
    else if (byte === openBracket) depth += 1;
    else if (byte === closeBracket) {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return -1;
}

/** The position of the quote that closes the string which opens at `from`; the length of a text that was cut. */
function endOfString(json: Buffer, from: number): number {
  for (let i = from + 1; i < json.length; i += 1) {
    const byte = json[i];
    if (byte === backslash) i += 1;
    else if (byte === quote) return i;
  }
  return json.length;
}
