import { type BenchApi, openApi } from '../bench/api.ts';
import { whileAway } from './while-away.ts';

/** An object of Kubernetes as the checker sees it: nothing is known of its kind. */
export interface Thing {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly uid?: string;
  };
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly data?: unknown;
}

/** The checker's own way to the API server, past the proxy. */
export interface Api {
  apply(collection: string, thing: Thing): Promise<void>;
  create(collection: string, thing: Thing): Promise<void>;
  /** What a create would make, after admission; nothing is stored. */
  rehearse(collection: string, thing: Thing): Promise<Thing>;
  /** Deletes without waiting; absent is success. */
  remove(path: string, options?: { readonly now?: boolean }): Promise<void>;
  /** JSON merge patch; absent is success. */
  patch(path: string, body: object): Promise<void>;
  /** Every object of a collection. */
  list(collection: string): Promise<readonly Thing[]>;
  close(): Promise<void>;
}

/** Opens it with a kubeconfig of embedded certificates. */
export function openCheckerApi(kubeconfig: string): Api {
  const api: BenchApi = openApi(kubeconfig);
  const send: BenchApi['send'] = (...request) => whileAway(() => api.send(...request));
  return {
    async apply(collection, thing) {
      const path = `${collection}/${thing.metadata.name}?fieldManager=faults&force=true`;
      await send('PATCH', path, { body: thing, contentType: 'application/apply-patch+yaml' });
    },
    async create(collection, thing) {
      let sent = 0;
      await whileAway(() => {
        sent += 1;
        // It is there if the answer to the first was lost.
        return api.send('POST', collection, { body: thing, also: sent > 1 ? [409] : [] });
      });
    },
    async rehearse(collection, thing) {
      return JSON.parse((await send('POST', `${collection}?dryRun=All`, { body: thing })).text);
    },
    async remove(path, { now = false } = {}) {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
      await send('DELETE', path, { body: now ? { ...body, gracePeriodSeconds: 0 } : body, also: [404, 409] });
    },
    async patch(path, body) {
      await send('PATCH', path, { body, contentType: 'application/merge-patch+json', also: [404, 409] });
    },
    async list(collection) {
      const { text } = await send('GET', collection);
      const list: { readonly items: readonly Thing[] } = JSON.parse(text);
      return list.items;
    },
    close: () => api.close(),
  };
}
