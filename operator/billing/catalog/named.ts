/** The first few of a list in words, and how many more there are: an event's note holds 1024 characters. */
export function named(all: readonly string[], most: number, separator: string): string {
  const more = all.length - most;
  return all.slice(0, most).join(separator) + (more > 0 ? `${separator}and ${more} more` : '');
}
