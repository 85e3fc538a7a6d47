import type { Reports } from '../model.ts';
import { cell, table } from './markdown.ts';

const OWN_CONDITIONS = 'Beside these every kind has [those of all kinds](README.md#conditions-of-every-kind).';
const SHARED_CONDITIONS = `\`Ready\` answers whether what this generation of spec asks for is in force. \`Reconciling\`, \`Stalled\` and
\`Suspended\` are there only while they are True; \`Ready\` is False only together with \`Stalled\`, when a person must change
something; \`Reconciling\` and \`Stalled\` repeat its reason. Reasons are stable; messages are for people.`;

/** Sections for what one kind reports. */
export function reportParts({ conditions, events }: Reports): readonly string[] {
  return [
    ...(conditions.length > 0 ? ['## Conditions', conditionTable(conditions), OWN_CONDITIONS] : []),
    ...(events.length > 0 ? ['## Events', eventTable(events)] : []),
  ];
}

/** Sections for what every kind reports. */
export function sharedParts(shared: Reports | undefined): readonly string[] {
  if (!shared || shared.conditions.length + shared.events.length === 0) return [];
  const { conditions, events } = shared;
  return [
    '## Conditions of every kind',
    SHARED_CONDITIONS,
    ...(conditions.length > 0 ? [conditionTable(conditions)] : []),
    ...(events.length > 0 ? ['## Events of every kind', eventTable(events)] : []),
  ];
}

function conditionTable(conditions: Reports['conditions']): string {
  const rows = conditions.map(({ type, status, reason, meaning }) => [
    `\`${type}\``,
    status,
    `\`${reason}\``,
    cell(meaning),
  ]);
  return table(['condition', 'status', 'reason', 'meaning'], rows);
}

function eventTable(events: Reports['events']): string {
  const rows = events.map(({ type, reason, meaning }) => [type, `\`${reason}\``, cell(meaning)]);
  return table(['type', 'reason', 'meaning'], rows);
}
