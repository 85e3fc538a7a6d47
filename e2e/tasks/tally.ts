/** vitest loads a reporter as a default export; the class itself is in reporter.ts. */
export { TallyReporter as default } from './reporter.ts';
