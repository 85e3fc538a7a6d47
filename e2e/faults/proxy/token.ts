/**
 * Every plan has a token that all its objects carry in their name or namespace, so that many plans share one cluster and
 * each is numbered, broken and judged alone.
 */
const TOKEN = /\bzz\d{4}\b/;

/** The token of plan number `index`. */
export function tokenOf(index: number): string {
  return `zz${String(index).padStart(4, '0')}`;
}

/** The token in a text; undefined when it belongs to no plan. */
export function tokenIn(text: string): string | undefined {
  return TOKEN.exec(text)?.[0];
}

/** A text in which the token is replaced by `PLAN`, so that two plans can be compared. */
export function withoutToken(text: string, token: string): string {
  return text.replaceAll(token, 'PLAN');
}
