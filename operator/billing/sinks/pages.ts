import { kinds } from '../../api/index.ts';
import { Secret } from '../../kube/index.ts';
import type { Client } from '../../runtime/index.ts';
import { keyOf } from '../provider/key.ts';
import { type StripePages, stripePages } from './stripe/pages.ts';

/**
 * A provider that cannot make pages.
 * @remedy correct the BillingProvider or its Secret, as the sentence says
 */
export class PagesError extends Error {
  override readonly name = 'PagesError';
  readonly code = 'PagesUnavailable';
}

/** Whom a page is for. */
interface Who {
  readonly provider: string;
  readonly customer: string;
}

/** The pages of every BillingProvider, by its name. */
export interface ClusterPages {
  checkout(who: Who, urls: { readonly successUrl: string; readonly cancelUrl: string }): Promise<string>;
  billingPortal(who: Who, urls: { readonly returnUrl: string }): Promise<string>;
}

/** Reads provider and key when a page is asked for, so that a rolled key holds at once. Throws PagesError and what the SDK throws. */
export function clusterPages(client: Pick<Client, 'get'>, operatorNamespace: string): ClusterPages {
  const pagesOf = async (name: string): Promise<StripePages> => {
    const provider = await client.get(kinds.BillingProvider, { name });
    if (provider === undefined) throw new PagesError(`there is no BillingProvider ${name}`);
    if (provider.spec.type !== 'Stripe') throw new PagesError(`BillingProvider ${name} is no account of Stripe's`);
    const key = await keyOf(provider.spec, (of) => client.get(Secret, { namespace: operatorNamespace, name: of }));
    if (key.kind === 'bad') throw new PagesError(`BillingProvider ${name} makes no pages: ${key.message}`);
    return stripePages({ key: key.key, endpoint: provider.spec.endpoint });
  };
  return {
    checkout: async ({ provider, customer }, urls) => (await pagesOf(provider)).checkout(customer, urls),
    billingPortal: async ({ provider, customer }, urls) => (await pagesOf(provider)).billingPortal(customer, urls),
  };
}
