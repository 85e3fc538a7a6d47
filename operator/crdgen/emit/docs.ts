import type { Field, Node, Root } from '../model.ts';
import { cell, firstSentence, sentence, table } from './markdown.ts';
import { reportParts, sharedParts } from './reports.ts';
import { header } from './yaml.ts';

/** The page of one kind: names, columns, and a table for each object in spec and status. */
export function toKindPage(versions: readonly [Root, ...Root[]]): string {
  const [{ kind, resource, group, object }] = versions;
  return `${[
    `<!-- ${header('', versions[0].at.file).trim()} -->`,
    `# ${kind}`,
    object.description,
    table(
      ['group', 'versions', 'plural', 'short names', 'categories', 'scope'],
      [
        [
          group,
          versions.map((root) => root.version).join(', '),
          resource.plural,
          resource.shortNames.join(', '),
          resource.categories.join(', '),
          resource.scope,
        ],
      ],
    ),
    ...versions.flatMap((root) => versionParts(root, versions.length > 1)),
  ].join('\n\n')}\n`;
}

/** How a file is checked before it reaches a cluster. */
const CHECKS = `## Checking files

\`gpuopt validate -f FILE\` gives the verdict of the API server without a cluster, rules in CEL included. Editors and
[kubeconform](https://github.com/yannh/kubeconform) read the JSON Schemas in \`crds/schemas\`, which know everything but
those rules:

\`\`\`sh
kubeconform -strict -schema-location default \\
  -schema-location 'crds/schemas/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json' config/samples/tenants.yaml
\`\`\`

In an editor with the YAML language server the first line of a file names its schema, as a path or an address:
\`# yaml-language-server: $schema=../../crds/schemas/gpuoptimizer.io/tenant_v1alpha1.json\`.

\`gpuopt crd diff OLD NEW\` tells before an upgrade which changes of the definitions break users or stored objects.`;

/** The list of all kinds. */
export function toOverview(roots: readonly Root[]): string {
  const rows = [...Map.groupBy(roots, (root) => root.kind).values()].map(([root]) =>
    root
      ? [
          `[${root.kind}](${root.kind.toLowerCase()}.md)`,
          root.resource.scope,
          cell(firstSentence(root.object.description)),
        ]
      : [],
  );
  const intro =
    '`kubectl get gpuopt -A` shows every object of these kinds, `kubectl explain KIND.spec` the same text as here.';
  return `${[
    `<!-- ${header('', 'operator/api').trim()} -->`,
    '# Custom resources',
    intro,
    table(['kind', 'scope', 'what it is'], rows),
    ...sharedParts(roots[0]?.shared),
    CHECKS,
    'How types become these resources: [tags](tags.md).',
  ].join('\n\n')}\n`;
}

function versionParts(root: Root, several: boolean): string[] {
  const columns = root.tags.columns.map((column) => [
    column.name,
    `\`${column.jsonPath.replaceAll('|', '\\|')}\``,
    cell(column.description ?? ''),
    column.priority ? '`kubectl get -o wide`' : '`kubectl get`',
  ]);
  const fields = (root.object.fields ?? []).filter((field) => field.name === 'spec' || field.name === 'status');
  return [
    ...(several ? [`## Version ${root.version}${standing(root)}`] : []),
    ...ruleList(root.object),
    ...fields.flatMap((field) => objectParts(field.name, field.node)),
    ...reportParts(root.tags),
    '## Columns',
    table(['column', 'path', 'what it shows', 'shown by'], columns),
  ];
}

/** What is to be known of one version among several. */
function standing({ tags }: Root): string {
  const parts = [
    ...(tags.storage ? ['stored'] : []),
    ...(tags.served ? [] : ['not served any more']),
    ...(tags.deprecation ? [`deprecated: ${tags.deprecation}`] : []),
  ];
  return parts.length > 0 ? ` (${parts.join('; ')})` : '';
}

/** A section for an object, then one for each object inside it. */
function objectParts(path: string, node: Node): string[] {
  const fields = node.fields ?? [];
  const depth = path.includes('.') || path.includes('[') ? '###' : '##';
  const rows = fields.map((field) => [
    `\`${field.name}\``,
    typeOf(field.node),
    requirement(field),
    cell([sentence(field.node.description), ...bounds(field.node)].filter((part) => part !== '').join(' ')),
  ]);
  return [
    `${depth} ${path}`,
    ...(node.description && !path.includes('.') ? [node.description] : []),
    table(['field', 'type', 'required', 'meaning'], rows),
    ...ruleList(node),
    ...fields.flatMap((field) => inner(`${path}.${field.name}`, field.node)),
  ];
}

function inner(path: string, node: Node): string[] {
  if (node.fields && node.fields.length > 0) return objectParts(path, node);
  if (node.items) return inner(`${path}[]`, node.items);
  if (node.values) return inner(`${path}{}`, node.values);
  return [];
}

function ruleList(node: Node): string[] {
  if (node.rules.length === 0) return [];
  const items = node.rules.map((rule) => `- ${rule.message ?? rule.messageExpression ?? ''}: \`${rule.rule}\``);
  return [`Rules:\n\n${items.join('\n')}`];
}

function typeOf(node: Node): string {
  if (node.items) return `list of ${typeOf(node.items)}`;
  if (node.values) return `map of ${typeOf(node.values)}`;
  if (node.type === 'enum') return (node.facets.enum ?? []).map((value) => `\`${value}\``).join(' \\| ');
  if (node.type === 'any') return 'any object';
  if (node.type === 'intOrString') return 'integer or string';
  return node.facets.format ?? node.type;
}

function requirement(field: Field): string {
  if (field.node.facets.default !== undefined) return `default \`${JSON.stringify(field.node.facets.default)}\``;
  if (field.member) return 'by variant';
  return field.optional ? 'no' : 'yes';
}

/** The constraints of a value in words, those of its entries included. */
function bounds(node: Node): string[] {
  const { facets } = node;
  const keys = facets['x-kubernetes-list-map-keys'];
  const ruled = node.fields ? [] : node.rules.map((rule) => `Rule: \`${rule.rule}\`.`);
  const parts = [
    node.type === 'integer' ? range('', facets.minimum, facets.maximum) : '',
    range(' characters', facets.minLength, facets.maxLength),
    range(' entries', facets.minItems, facets.maxItems),
    range(' keys', facets.minProperties, facets.maxProperties),
    facets.pattern ? `Pattern: \`${facets.pattern}\`.` : '',
    keys ? `Unique by ${keys.join(', ')}.` : '',
    facets['x-kubernetes-list-type'] === 'set' ? 'Each value once.' : '',
    ...ruled,
    ...(node.items && !node.items.fields ? bounds(node.items).map((part) => `Each: ${part}`) : []),
  ];
  return parts.filter((part) => part !== '');
}

const INT32 = [-2147483648, 2147483647];

function range(unit: string, least: number | undefined, most: number | undefined): string {
  const low = least === undefined || least === INT32[0] || least === Number.MIN_SAFE_INTEGER ? undefined : least;
  const high = most === undefined || most === INT32[1] || most === Number.MAX_SAFE_INTEGER ? undefined : most;
  if (low !== undefined && high !== undefined)
    return low === high ? `Exactly ${low}${unit}.` : `${low} to ${high}${unit}.`;
  if (low !== undefined) return `At least ${low}${unit}.`;
  return high === undefined ? '' : `At most ${high}${unit}.`;
}
