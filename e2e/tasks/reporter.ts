import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';

/** What a vitest run came to; the task runner adds these up. */
export interface TestTally {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly message: string }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Counts the tests of a run into the file that GPUOPT_TEST_TALLY names, failed ones with the first line of what they said,
 * skipped ones with their reasons. A file that fails outside its tests (import error, hook) counts as one failed test, and
 * so does an unhandled error.
 */
export class TallyReporter implements Reporter {
  #passed = 0;
  readonly #failed: { name: string; message: string }[] = [];
  readonly #skipped: { name: string; reason: string }[] = [];

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === 'passed') this.#passed += 1;
    if (result.state === 'failed')
      this.#failed.push({
        name: `${test.module.relativeModuleId} > ${test.fullName}`,
        message: firstLine(result.errors[0]),
      });
    if (result.state === 'skipped')
      this.#skipped.push({ name: test.fullName, reason: result.note ?? 'no reason given' });
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    for (const module of modules) {
      const [error] = [...module.errors(), ...suiteErrors(module)];
      if (error !== undefined) this.#failed.push({ name: module.relativeModuleId, message: firstLine(error) });
    }
    for (const error of errors) this.#failed.push({ name: 'outside the tests', message: firstLine(error) });
    if (this.#failed.length === 0 && reason !== 'passed')
      this.#failed.push({ name: 'the run', message: `it ended as ${reason}` });
    const tally: TestTally = { passed: this.#passed, failed: this.#failed, skipped: this.#skipped };
    const file = process.env.GPUOPT_TEST_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}

function firstLine(error: unknown): string {
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
  return message.split('\n')[0] ?? '';
}

function suiteErrors(module: TestModule): unknown[] {
  return [...module.children.allSuites()].flatMap((suite) => [...suite.errors()]);
}
