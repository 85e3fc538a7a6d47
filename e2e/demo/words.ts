/** `1 pod`, `2 pods`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A text in lines of at most 110 characters, broken between words. */
export function wrapped(text: string): readonly string[] {
  return text.match(/\S.{0,108}(?=\s|$)/g) ?? [text];
}
