/** Field and label selectors, as a list or a watch carries them. */
import type { KubeObject } from '../types.ts';
import { badRequest } from './refusals.ts';

/** Whether an object is selected. */
export type Selector = (object: KubeObject) => boolean;

/** The selector of a request. Throws a refusal for fields that the API server does not know either. */
export function selectorOf(query: URLSearchParams): Selector {
  const fields = terms(query.get('fieldSelector') ?? '').map(fieldTerm);
  const labels = terms(query.get('labelSelector') ?? '').map(labelTerm);
  return (object) => [...fields, ...labels].every((matches) => matches(object));
}

/** Splits at commas outside of parentheses. */
function terms(text: string): readonly string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}

function fieldTerm(term: string): Selector {
  const [, field = term, operator = '=', value = ''] = /^([\w.]+)(!=|==|=)(.*)$/.exec(term) ?? [];
  if (field !== 'metadata.name' && field !== 'metadata.namespace')
    throw badRequest(`field label not supported: ${field}`);
  const read = ({ metadata }: KubeObject): string | undefined =>
    field === 'metadata.name' ? metadata.name : metadata.namespace;
  return (object) => (read(object) === value) === (operator !== '!=');
}

function labelTerm(term: string): Selector {
  const set = /^(\S+) (in|notin) \((.*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return ({ metadata }) => values.includes(metadata.labels?.[key] ?? '\u0000') === (operator === 'in');
  }
  const [, absent, key = '', operator, value] = /^(!?)([^!=]+)(?:(!=|==|=)(.*))?$/.exec(term) ?? [];
  if (operator === undefined) return ({ metadata }) => (metadata.labels?.[key] === undefined) === (absent === '!');
  return ({ metadata }) => (metadata.labels?.[key] === value) === (operator !== '!=');
}
