import type { SimulateResult } from './contract.ts';
import type { ProgramRatios } from './offline.ts';

/** The result for people: one line a fact, then one line a load; of the offline class with what its program says. */
export function renderResult(result: SimulateResult, program: ProgramRatios = {}): string {
  const offline = result.mode === 'offline';
  const facts: readonly (readonly [string, string])[] = [
    ['policy', `${result.policy} (${result.mode}, seed ${result.seed})`],
    ['fleet', `${result.nodes} nodes, ${result.gpus} GPUs`],
    ['pods', `${result.pods} submitted, ${result.unscheduled} refused`],
    [
      'decision',
      `p50 ${result.decisionMicros.p50} µs, p99 ${result.decisionMicros.p99} µs, all ${result.planMillis} ms`,
    ],
  ];
  const loads = Object.keys(result.allocatedRatio).map((load) => [
    load.padStart(12),
    percent(result.allocatedRatio[load]).padStart(12),
    percent(result.fragRatio[load]).padStart(18),
    ...(offline ? [percent(program[load]?.value).padStart(11), percent(program[load]?.ceiling).padStart(11)] : []),
  ]);
  const lines = [
    ...facts.map(([name, value]) => `${name.padEnd(10)} ${value}`),
    '',
    [
      'arrived load'.padStart(12),
      'allocated %'.padStart(12),
      'idle unusable %'.padStart(18),
      ...(offline ? ['program %'.padStart(11), 'ceiling %'.padStart(11)] : []),
    ].join(''),
    ...loads.map((cells) => cells.join('')),
  ];
  return `${lines.join('\n')}\n`;
}

function percent(ratio: number | undefined): string {
  return ratio === undefined ? '-' : (ratio * 100).toFixed(2);
}
