/** Growth: campaigns that become CronJobs, their runs, and the way out for who does not want mail. */
export { httpServer } from './http/server.ts';
export { registerJob } from './job-command.ts';
export { growthRoom, jobApi } from './room.ts';
export { tokenReviewer } from './run/token-review.ts';
