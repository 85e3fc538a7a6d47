import { Liquid, type Template } from 'liquidjs';
import { badConfig } from '../steps/exit.ts';

/** What a template may name. */
export interface TemplateData {
  readonly contact: { readonly name: string; readonly email: string };
  readonly campaign: string;
  readonly topic: string;
  readonly unsubscribeUrl: string;
}

/** The parsed templates of a step. */
export interface MailTemplates {
  render(data: TemplateData): { readonly subject: string; readonly text: string };
}

const maxTextBytes = 262_144;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must be refused
const headerBreak = /[\u0000-\u001f\u007f\u2028\u2029]/;

/** A contact that does not exist, to try a template with before anything is planned. */
export const sampleData = {
  contact: { name: 'Sample', email: 'sample@example.invalid' },
  unsubscribeUrl: 'https://example.invalid/unsubscribe/sample',
} as const;

/** Parses the templates of a mail: logic only over the named data, no files, bounded. Throws RunStopped (20) with the line of the mistake. */
export function parseTemplates(subject: string, text: string): MailTemplates {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    relativeReference: false,
    dynamicPartials: false,
    templates: {},
    parseLimit: maxTextBytes,
    renderLimit: 1_000,
    memoryLimit: 4 * maxTextBytes,
  });
  const subjectTemplate = parse(engine, 'subject', subject);
  const textTemplate = parse(engine, 'text', text);
  return {
    render: (data) => {
      const rendered = renderOne(engine, 'subject', subjectTemplate, data).trim();
      if (rendered === '' || rendered.length > 512 || headerBreak.test(rendered)) {
        throw badConfig(
          'InvalidSubject',
          'the rendered subject is empty, longer than 512 characters or has a line break',
        );
      }
      return { subject: rendered, text: renderOne(engine, 'text', textTemplate, data) };
    },
  };
}

function parse(engine: Liquid, part: string, source: string): Template[] {
  try {
    return engine.parse(source);
  } catch (error) {
    throw badConfig('InvalidTemplate', `the template of the ${part} cannot be parsed: ${firstLine(error)}`, error);
  }
}

function renderOne(engine: Liquid, part: string, template: Template[], data: TemplateData): string {
  try {
    return engine.renderSync(template, { ...data }) as string;
  } catch (error) {
    throw badConfig('InvalidTemplate', `the template of the ${part} cannot be rendered: ${firstLine(error)}`, error);
  }
}

/** Liquid's first line names the mistake and its place, never a value of the data. */
function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? '';
}
