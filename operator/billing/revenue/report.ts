import type { Report } from '../usage/report.ts';
import { type RevenueAnswer, showRevenue } from './revenue.ts';

/** `gpuopt revenue show`. */
export const revenueReport: Report<RevenueAnswer> = {
  path: '/api/v1/revenue',
  read: (store, { month }, now) => showRevenue(store, month, now),
  isAnswer: (value): value is RevenueAnswer => 'month' in value && 'currencies' in value,
};
