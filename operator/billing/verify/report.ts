import type { Report } from '../usage/report.ts';
import { type VerifyAnswer, verifyLedger } from './verify.ts';

/** `gpuopt usage verify`. */
export const verifyReport: Report<VerifyAnswer> = {
  path: '/api/v1/usage/verify',
  read: (store) => verifyLedger(store),
  isAnswer: (value): value is VerifyAnswer => 'mismatches' in value && 'chains' in value,
};
