import { eventually } from '../gpu/operator.ts';

const key = 'sk_test_peer';

/** What a person does in the provider's dashboard, at the Stripe peer. */
export class StripeAccount {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Has events about invoices sent to an address; answers the signing secret. */
  async sendInvoiceEventsTo(url: string): Promise<string> {
    const types = ['invoice.created', 'invoice.finalized', 'invoice.paid', 'invoice.payment_failed', 'invoice.overdue'];
    const events = types.map((type, index) => [`enabled_events[${index}]`, type] as const);
    return textOf(await this.#call('webhook_endpoints', { url, ...Object.fromEntries(events) }), 'secret');
  }

  /** Bills a customer an amount of cents and charges his card at once; answers the invoice. */
  async bill(customer: string, amount: number): Promise<string> {
    await this.#call('invoiceitems', { customer, currency: 'usd', amount: String(amount) });
    const form = { customer, pending_invoice_items_behavior: 'include', auto_advance: 'true' };
    const made = await this.#call('invoices', form);
    const invoice = textOf(made, 'id');
    await this.#call(`invoices/${invoice}/finalize`, {});
    return invoice;
  }

  /** Tries to collect an invoice; answers whether it was paid. */
  async collect(invoice: string): Promise<boolean> {
    return (await this.#send(`invoices/${invoice}/pay`, {})).ok;
  }

  /** Changes an object. */
  async change(path: string, form: Readonly<Record<string, string>>): Promise<void> {
    await this.#call(path, form);
  }

  /** What the next invoice of a subscription would say now, in cents. */
  async preview(subscription: string): Promise<number> {
    return Number(Reflect.get(Object(await this.#call('invoices/create_preview', { subscription })), 'total'));
  }

  /** Ids of the objects of a kind, at most a hundred: `prices`, `billing/meters`, `subscriptions?status=all`. */
  async ids(kind: string): Promise<readonly string[]> {
    const url = `${this.#url}/v1/${kind}${kind.includes('?') ? '&' : '?'}limit=100`;
    const response = await eventually(`the peer has time to list ${kind}`, async () => {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
      return answer.status === 429 ? undefined : answer;
    });
    const data: unknown = Reflect.get(Object(JSON.parse(await response.text())), 'data');
    if (!Array.isArray(data)) throw new Error(`the peer lists no ${kind}`);
    return data.map((one: unknown) => textOf(one, 'id'));
  }

  async #call(path: string, form: Readonly<Record<string, string>>): Promise<unknown> {
    const response = await this.#send(path, form);
    if (!response.ok) throw new Error(`the peer refused ${path}: ${await response.text()}`);
    return JSON.parse(await response.text());
  }

  #send(path: string, form: Readonly<Record<string, string>>): Promise<Response> {
    const headers = { authorization: `Bearer ${key}`, 'stripe-version': '2026-10-28.endive' };
    return fetch(`${this.#url}/v1/${path}`, { method: 'POST', headers, body: new URLSearchParams(form) });
  }
}

function textOf(answer: unknown, field: string): string {
  const value: unknown = Reflect.get(Object(answer), field);
  if (typeof value !== 'string') throw new Error(`the peer's answer has no ${field}: ${JSON.stringify(answer)}`);
  return value;
}
