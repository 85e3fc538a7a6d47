import { Ajv } from 'ajv';
import type { runStoreMethods } from './contract.ts';

const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength }) as const;
const object = (properties: Readonly<Record<string, unknown>>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const uuid = { type: 'string', pattern: '^[0-9a-f-]{36}$' } as const;
const count = { type: 'integer', minimum: 0, maximum: 2_147_483_647 } as const;
const fence = object({ runId: uuid, attempt: { ...count, minimum: 1 } });
const counts = { type: 'object', maxProperties: 32, additionalProperties: count } as const;

const arguments_: Readonly<Record<(typeof runStoreMethods)[number], Readonly<Record<string, unknown>>>> = {
  claim: {
    request: object({
      campaign: object({ namespace: text(63), name: text(253), uid: text(63) }),
      jobUid: text(63),
      claimant: text(128),
      configHash: text(64),
      dryRun: { type: 'boolean' },
    }),
  },
  heartbeat: { fence },
  importContacts: {
    fence,
    step: text(63),
    rows: {
      type: 'array',
      maxItems: 500,
      items: object({
        email: text(254),
        name: { type: 'string', maxLength: 200 },
        consent: { enum: ['granted', 'withdrawn'] },
        topics: { type: 'array', maxItems: 32, items: text(63) },
        consentTime: text(40),
        source: text(200),
      }),
    },
  },
  planMessages: {
    fence,
    request: object({
      step: text(63),
      topic: text(63),
      lawfulBasis: { enum: ['Consent', 'Contract', 'LegitimateInterest'] },
      maxMessages: count,
      dryRun: { type: 'boolean' },
    }),
  },
  claimMessage: { fence, step: text(63), nonce: text(64) },
  recordDelivery: {
    fence,
    delivery: object({
      messageId: uuid,
      state: { enum: ['accepted', 'deferred', 'rejected', 'unknown'] },
      reply: { type: 'string', maxLength: 32 },
      hardBounce: { type: 'boolean' },
    }),
  },
  countStep: { fence, step: text(63) },
  finishStep: { fence, step: text(63), counts },
  finish: { fence, message: { type: 'string', maxLength: 1024 } },
  fail: { fence, failure: object({ code: text(64), message: { type: 'string', maxLength: 1024 } }) },
};

const ajv = new Ajv({ strict: true, allErrors: false });
const validators = new Map(Object.entries(arguments_).map(([method, shape]) => [method, ajv.compile(object(shape))]));

/** The arguments of each method in order: the body of a call is an object with these names. */
export const argumentNames: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(arguments_).map(([method, shape]) => [method, Object.keys(shape)]),
);

/** Says what is wrong with the body of a call, or undefined. The sentence holds no value of the body. */
export function bodyProblem(method: string, body: unknown): string | undefined {
  const validate = validators.get(method);
  if (!validate) return `there is no method ${JSON.stringify(method.slice(0, 40))}`;
  if (validate(body)) return undefined;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath || 'the body'} ${error?.message ?? 'is not valid'}`;
}
