import { fieldTags, ROOT_TAG_HELP } from '../tags/index.ts';
import { header } from './yaml.ts';

const INTRO = `Doc comments of the types carry what TypeScript cannot say. One tag a line; a payload runs to the next tag. An
unknown or misplaced tag is an error with file and line. Never tags: enums (string literals), required (no \`?\`).`;

/** The reference of tags, made of the help texts of the tags themselves. */
export function toTagPage(): string {
  const roots = Object.entries(ROOT_TAG_HELP).map(([name, help]) => row(name, '', help));
  const fields = [...fieldTags]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((tag) => row(tag.name, tag.allowedOn === 'all' ? 'everything' : tag.allowedOn.join(', '), tag.help));
  return [
    `<!-- ${header('', 'operator/crdgen/tags').trim()} -->`,
    '# Tags of the types',
    INTRO,
    '## On a resource',
    `| tag | meaning |\n|---|---|\n${roots.map(([name, , help]) => `| ${name} | ${help} |`).join('\n')}`,
    '## On fields, aliases and interfaces',
    `| tag | goes with | meaning |\n|---|---|---|\n${fields.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`,
    'A tag for the entries of a list is written `@items.maxLength 63`; a field with `@internal` is not part of the API.',
    '',
  ].join('\n\n');
}

function row(name: string, where: string, help: string): readonly [string, string, string] {
  return [`\`@${name}\``, where, help.replaceAll('|', '\\|')];
}
