/** Growth: campaigns that become CronJobs, their runs, and the way out for who does not want mail. */
export { unsubscribeHandler } from './consent/unsubscribe.ts';
export type { HttpHandler } from './http/handler.ts';
export { httpServer, type ServerOptions } from './http/server.ts';
export { registerJob } from './job-command.ts';
export { type GrowthDeps, growthRoom, jobApi } from './room.ts';
export { jobAudience, jobServiceAccount } from './run/config.ts';
export { latestRun, type RunSummary } from './run/summary.ts';
export type { ReviewedToken, ReviewToken } from './run/token-check.ts';
export { tokenReviewer } from './run/token-review.ts';
