import type { SelfTest } from './planted/self-test.ts';
import { clusterFaults, watchFaults, writeFaults } from './proxy/faults.ts';
import type { Report } from './run/run.ts';

/** The report in words; its last line is the JSON object that `--json` prints alone. */
export function describeReport(report: Report): string {
  const lines = [
    '',
    'writes of clean runs that were broken, by controller',
    ...Object.entries(report.points).map(([controller, count]) => `  ${controller.padEnd(24)} ${count}`),
    `plans run ${report.plans}, left out ${report.left}`,
    `faults that met their point ${report.injected}, converged ${report.converged}`,
    ...report.notFired.map((id) => `  did not meet its point: ${id}`),
    `lost ${report.lost}, duplicated ${report.duplicated}, violations ${report.violations.length}`,
    ...report.violations.map(
      ({ plan, oracle, object, expected, actual, replay }) =>
        `  ${plan}: ${oracle}: ${object}: expected ${expected}, found ${actual}\n    ${replay}`,
    ),
    JSON.stringify(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** The outcome of a self-test in words; its last line is the JSON object that `--json` prints alone. */
export function describeSelfTest(outcome: SelfTest): string {
  const lines = outcome.verdicts.map(({ program, mistake, plans, caught }) =>
    [program.padEnd(20), mistake.padEnd(42), `${String(plans).padStart(4)} plans`, caught ?? 'nothing found'].join(
      '  ',
    ),
  );
  const { caught, planted } = outcome;
  return `${[...lines, `caught ${caught} of ${planted}`, JSON.stringify(outcome)].join('\n')}\n`;
}

/** Every fault by its name, one a line. */
export function describeFaults(): string {
  const all = Object.entries({ ...writeFaults, ...watchFaults, ...clusterFaults });
  return all.map(([name, what]) => `  ${name.padEnd(14)} ${what}`).join('\n');
}
