/** A JSON Schema of 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const object = (properties: Readonly<Record<string, JsonSchema>>, required = Object.keys(properties)): JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const text: JsonSchema = { type: 'string' };
const orNull = (type: string): JsonSchema => ({ type: [type, 'null'] });
const integer: JsonSchema = {
  type: 'string',
  pattern: '^-?[0-9]+$',
  description: 'a whole number, as text: it may be larger than JSON numbers hold',
};
const decimal: JsonSchema = { type: 'string', pattern: '^-?[0-9]+([.][0-9]+)?$' };

/** A time of a query: RFC 3339 in UTC. */
export const moment: JsonSchema = {
  type: 'string',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?Z$',
  description: 'RFC 3339 in UTC, for example 2026-01-01T00:00:00Z',
};

/** How many items a page has. */
export const pageSize: JsonSchema = { type: 'integer', minimum: 1, maximum: 1000, default: 100 };

/** Where the next page begins: nextCursor of the page before. */
export const cursor: JsonSchema = { type: 'string', maxLength: 500, pattern: '^[A-Za-z0-9_-]+$' };

/** An address that the provider sends the browser back to. */
const https: JsonSchema = { type: 'string', maxLength: 2000, pattern: '^https://[^\\s]+$' };

/** The answers and bodies by name; money in minor units, times RFC 3339. */
export const schemas: Readonly<Record<string, JsonSchema>> = {
  Usage: object({
    tenant: text,
    from: moment,
    to: moment,
    by: { enum: ['window', 'hour', 'day'] },
    sealedThrough: orNull('string'),
    items: list(
      object({
        start: text,
        meter: text,
        model: text,
        profile: text,
        unit: { const: 'GPU-seconds' },
        quantity: integer,
        estimated: { ...integer, description: 'the part whose end was assumed, never later than the truth' },
      }),
    ),
    nextCursor: orNull('string'),
  }),
  Charges: object({
    tenant: text,
    from: moment,
    to: moment,
    lines: list(
      object({
        sku: text,
        book: text,
        version: { type: 'integer' },
        currency: text,
        unitPriceMinor: { ...decimal, description: 'of the first tier where there are tiers' },
        tiered: { type: 'boolean', description: 'whether the amount follows tiers or what the plan includes' },
        quantity: integer,
        amountMinor: decimal,
      }),
    ),
    items: {
      ...list(
        object({
          kind: { enum: ['fee', 'minimum', 'maximum'] },
          plan: { ...orNull('string'), description: 'whose fee it is; null for a commitment' },
          from: text,
          to: text,
          currency: text,
          amountMinor: { ...decimal, description: 'negative for what is above a maximum' },
        }),
      ),
      description:
        'fees and commitments of the calendar months that begin in the time; of one that runs, as though nothing more were used',
    },
    totals: list(
      object({
        currency: text,
        amountMinor: { ...decimal, description: 'of lines and items, exact; an invoice is rounded once' },
      }),
    ),
    unpricedQuantity: integer,
  }),
  Invoices: object({
    tenant: text,
    items: list(
      object({
        provider: text,
        id: text,
        number: orNull('string'),
        status: text,
        currency: text,
        totalMinor: integer,
        amountDueMinor: integer,
        amountPaidMinor: integer,
        amountRemainingMinor: integer,
        periodStart: text,
        periodEnd: text,
        finalizesAt: orNull('string'),
        readAt: text,
      }),
    ),
    nextCursor: orNull('string'),
  }),
  Plan: object({
    tenant: text,
    provider: orNull('string'),
    book: orNull('string'),
    version: orNull('integer'),
    currency: orNull('string'),
    effectiveFrom: orNull('string'),
    prices: list(
      object({
        ...{ sku: text, model: text, profile: text },
        perHour: { ...text, description: 'of the first tier where there are tiers, as the next' },
        unitPriceMinor: decimal,
        mode: {
          enum: ['Graduated', 'Volume'],
          description: 'each second at the price of its own tier, or all at that of the tier that the month reaches',
        },
        tiers: list(
          object({
            upToSeconds: {
              ...integer,
              type: ['string', 'null'],
              description: 'of a month (UTC); null in the last tier',
            },
            unitPriceMinor: decimal,
          }),
        ),
        includedSeconds: { ...integer, description: 'of a month (UTC) that cost nothing; tiers count from after them' },
      }),
    ),
    subscriptions: list(object({ id: text, status: text, periodStart: orNull('string'), periodEnd: orNull('string') })),
  }),
  CheckoutRequest: object({ successUrl: https, cancelUrl: https }),
  PortalRequest: object({ returnUrl: https }),
  Page: object({ url: { ...text, description: 'send the browser there' } }),
  Problem: object({
    type: { const: 'about:blank' },
    title: text,
    status: { type: 'integer' },
    code: text,
    detail: text,
    requestId: text,
  }),
};
