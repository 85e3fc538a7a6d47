import { tenantSetting } from './names.ts';

/** What may be done to the rows of a table besides reading them. */
type Change = 'INSERT' | 'UPDATE' | 'DELETE';

/** Who may do what with one table; the owner may do everything. */
export interface TableRights {
  /** What the operator may do; it may read every table. */
  readonly writer: readonly Change[];
  /** Whether reports may read it: not where it holds secrets or personal data. */
  readonly reader: boolean;
  /** The rows that a tenant may read, as an SQL condition; none without it. */
  readonly tenant?: string;
}

/** Append-only: what is written stays as it was written. */
const ledger: readonly Change[] = ['INSERT'];
/** What moves on from state to state and is never taken away. */
const state: readonly Change[] = ['INSERT', 'UPDATE'];

/** The tenant of the transaction; null where none is set, and null equals nothing. A sub-select is computed once a query. */
const me = `(SELECT nullif(current_setting('${tenantSetting}', true), ''))`;
const mine = `tenant = ${me}`;
const everything = 'true';

/** The conditions read other tables as the tenant, so their own conditions hold there too. */
const ofMyWindow = `EXISTS (SELECT FROM usage_window AS w WHERE w.id = usage_window_id AND w.tenant = ${me})`;
const ofMyBook = `book IN (SELECT l.book FROM customer_link AS l WHERE l.tenant = ${me})`;
/** Tenants that an admin gave one customer are one customer to the provider: its invoices are for all of them. */
const ofMyCustomer = `(provider, customer) IN (SELECT l.provider, l.customer FROM customer_link AS l WHERE l.tenant = ${me})`;

/**
 * The rights of every table, stated after the migrations. Nobody but the owner may touch a table that is missing here,
 * and a test names it.
 */
export const tableRights: Readonly<Record<string, TableRights>> = {
  schema_migration: { writer: [], reader: true, tenant: everything },
  role_rights: { writer: [], reader: true },
  leader_epoch: { writer: ['UPDATE'], reader: true },

  alloc_interval: { writer: state, reader: true, tenant: mine },
  watermark: { writer: state, reader: true },
  remainder: { writer: state, reader: true },
  late_change: { writer: ['INSERT', 'DELETE'], reader: true },
  sealed_grid: { writer: ledger, reader: true, tenant: everything },
  usage_window: { writer: ledger, reader: true, tenant: mine },
  node_capacity: { writer: state, reader: true },
  energy_sample: { writer: ledger, reader: true },

  price_book: { writer: ledger, reader: true, tenant: ofMyBook },
  price_sku: { writer: ledger, reader: true, tenant: ofMyBook },
  customer_link: { writer: ['INSERT', 'UPDATE', 'DELETE'], reader: true, tenant: mine },
  plan_term: { writer: ledger, reader: true, tenant: mine },
  invoice_item: { writer: state, reader: true, tenant: mine },
  item_payer: { writer: ['INSERT', 'UPDATE', 'DELETE'], reader: true },
  experiment_assignment: { writer: ledger, reader: true },
  billing_account: { writer: state, reader: true },
  charge: { writer: ledger, reader: true, tenant: mine },
  outbox: { writer: state, reader: true, tenant: ofMyWindow },
  sent_batch: { writer: state, reader: true },
  unfrozen_window: { writer: ['INSERT', 'DELETE'], reader: true },

  usage_correction: { writer: ledger, reader: true, tenant: mine },
  credit_lot: { writer: state, reader: true, tenant: mine },

  webhook_inbox: { writer: state, reader: true },
  invoice_mirror: { writer: state, reader: true, tenant: ofMyCustomer },
  subscription_mirror: { writer: state, reader: true, tenant: ofMyCustomer },
  reconcile_run: { writer: ledger, reader: true },
  drift: { writer: state, reader: true, tenant: mine },
  usage_rejection: { writer: ledger, reader: true },

  journal_tx: { writer: ledger, reader: true },
  journal_entry: { writer: ledger, reader: true },

  growth_key: { writer: ledger, reader: false },
  growth_contact: { writer: ledger, reader: false },
  growth_consent_event: { writer: ledger, reader: false },
  growth_suppression: { writer: ledger, reader: false },
  growth_job: { writer: ledger, reader: true },
  growth_run: { writer: state, reader: true },
  growth_step: { writer: ledger, reader: true },
  growth_message: { writer: state, reader: false },
};
