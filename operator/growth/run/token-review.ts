import { TokenReview } from '../../kube/index.ts';
import type { Client } from '../../runtime/index.ts';
import type { ReviewToken } from './token-check.ts';

const reviewMillis = 10_000;

/** Asks the API server what a token is worth; the caller needs `create` on tokenreviews. */
export function tokenReviewer(client: Pick<Client, 'create'>): ReviewToken {
  return async (token, audiences) => {
    const review: TokenReview = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token, audiences },
    };
    const answer = await client.create<TokenReview>(TokenReview, review, 'gpuopt', AbortSignal.timeout(reviewMillis));
    return answer.status ?? {};
  };
}
