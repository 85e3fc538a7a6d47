import type { Answer } from '../planner/index.ts';
import type { Why } from './answer.ts';

/** The answer as text for a terminal. */
export function renderWhy(answer: Why): string {
  const lines = [`pod/${answer.pod} in ${answer.namespace}: ${heading(answer)}`, `  ${sentence(answer.sentence)}`];
  if (answer.gang !== undefined)
    lines.push(`  It starts together with the other pods of ${answer.gang} (${answer.gangPods} wait).`);
  if (answer.unit !== undefined && answer.unit !== 'none') {
    lines.push(
      `  Needed: ${amount(answer.need ?? 0, answer.unit)}. There is: ${amount(answer.have ?? 0, answer.unit)}.`,
    );
  }
  if (answer.eta !== undefined) lines.push(`  ${expectation(answer.eta)}`);
  for (const [index, { change }] of (answer.counterfactuals ?? []).entries()) {
    lines.push(`  ${index === 0 ? 'It would start now with' : '                    or'} ${change}`);
  }
  if (answer.also !== undefined && answer.also.length > 0) lines.push(`  Also in the way: ${answer.also.join(', ')}.`);
  return `${lines.join('\n')}\n`;
}

const BASES = {
  declared: 'by what its predecessors declare',
  history: 'by how long such pods ran before',
  low: 'by little knowledge: of some pods no run time is known',
} as const;

function expectation({ p50, p90, basis }: NonNullable<Why['eta']>): string {
  return `Expected to start at ${p50} (half of the cases), by ${p90} (nine of ten), ${BASES[basis]}.`;
}

function heading({ state, blocker, tenant }: Why): string {
  const whose = tenant === undefined ? '' : ` (tenant ${tenant})`;
  return blocker === undefined ? `${state}${whose}` : `${state} for ${blocker}${whose}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

function amount(value: number, unit: Answer['unit']): string {
  if (unit === 'gpu-milli') return `${value / 1000} GPU`;
  if (unit === 'cpu-milli') return `${value / 1000} CPU`;
  if (unit === 'memory-mib') return `${Math.round((value / 1024) * 10) / 10} GiB memory`;
  return `${value} ${unit}`;
}
