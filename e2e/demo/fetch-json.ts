/** Gets JSON from a loopback or link address with a time limit; `what` names the thing in the error. */
export async function fetchJson<T>(what: string, url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch((cause: unknown) => {
    throw new Error(`${what} does not answer at ${url}`, { cause });
  });
  if (!response.ok)
    throw new Error(`${what} answered ${response.status} at ${url}: ${(await response.text()).slice(0, 300)}`);
  const value: T = JSON.parse(await response.text());
  return value;
}
