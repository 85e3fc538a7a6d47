import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';

/** What a vitest run came to; the task runner adds these up. */
export interface TestTally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Counts the tests of a run into the file that GPUOPT_TEST_TALLY names, skipped ones with their reasons.
 * A file that fails outside its tests (import error, hook) counts as one failed test, and so does an unhandled error.
 */
export class TallyReporter implements Reporter {
  #passed = 0;
  #failed = 0;
  readonly #skipped: { name: string; reason: string }[] = [];

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === 'passed') this.#passed += 1;
    if (result.state === 'failed') this.#failed += 1;
    if (result.state === 'skipped')
      this.#skipped.push({ name: test.fullName, reason: result.note ?? 'no reason given' });
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const broken = modules.filter((module) => module.errors().length > 0 || suiteErrors(module) > 0).length;
    const failed = this.#failed + broken + errors.length;
    const tally: TestTally = {
      passed: this.#passed,
      failed: failed === 0 && reason !== 'passed' ? 1 : failed,
      skipped: this.#skipped,
    };
    const file = process.env.GPUOPT_TEST_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}

function suiteErrors(module: TestModule): number {
  let count = 0;
  for (const suite of module.children.allSuites()) count += suite.errors().length;
  return count;
}
