import { showUsage, type UsageAnswer } from './query.ts';
import { questionOf } from './question.ts';
import type { Report } from './report.ts';

/** `gpuopt usage show --tenant T`. */
export const usageReport: Report<UsageAnswer> = {
  path: '/api/v1/usage',
  read: (store, asked, now) => showUsage(store, questionOf(asked, now)),
  isAnswer: (value): value is UsageAnswer => 'meters' in value && Array.isArray(value.meters) && 'cost' in value,
};
