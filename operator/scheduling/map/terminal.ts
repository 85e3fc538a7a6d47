import { stripVTControlCharacters } from 'node:util';
import type { MapDevices, MapGpu, MapNode, Part, PoolsMap } from './model.ts';

/** How the map is drawn. */
export interface DrawOptions {
  /** Draw what a plan would add beside what is. */
  readonly plan: boolean;
  /** ANSI colours by tenant. */
  readonly colour: boolean;
}

/** Letters of tenants; the twenty-seventh and those after it share the last. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** ANSI 256 colours that are told apart on dark and on light. */
const COLOURS = [33, 208, 70, 134, 37, 161, 136, 99] as const;

/**
 * The map as text: a line for each node, a sign for each GPU or device. Neighbours that look alike share a line. A
 * capital letter is a GPU that its tenant has whole, a small one a part of it, `%` a GPU of several tenants, `?` one of
 * nobody's, `·` a free one.
 */
export function drawTerminal(map: PoolsMap, options: DrawOptions): string {
  const legend = new Map(map.tenants.map((tenant, at) => [tenant, LETTERS[Math.min(at, LETTERS.length - 1)] ?? '?']));
  const pools = [...new Set(map.nodes.map(({ pool }) => pool))];
  const drawn = pools.flatMap((pool) => [
    heading(pool, map),
    ...lines(
      map.nodes.filter((node) => node.pool === pool),
      legend,
      options,
    ),
    '',
  ]);
  return `${[...drawn, ...key(legend, options), totals(map, options)].join('\n')}\n`;
}

function heading(pool: string, { nodes }: PoolsMap): string {
  const own = nodes.filter((node) => node.pool === pool);
  const gpus = own.reduce((sum, node) => sum + node.gpus.length, 0);
  return `pool ${pool}: ${plural(own.length, 'node')}, ${plural(gpus, 'GPU')} uncut`;
}

interface Line {
  readonly names: string[];
  readonly cells: string;
  readonly note: string;
}

function lines(nodes: readonly MapNode[], legend: ReadonlyMap<string, string>, options: DrawOptions): string[] {
  const rows: Line[] = [];
  for (const node of nodes) {
    const cells = cellsOf(node, legend, options);
    const note = [node.model, node.closed === undefined ? '' : `(${node.closed})`].filter(Boolean).join(' ');
    const last = rows.at(-1);
    if (last !== undefined && last.cells === cells && last.note === note) last.names.push(node.name);
    else rows.push({ names: [node.name], cells, note });
  }
  const width = Math.max(0, ...rows.map(({ names }) => nameOf(names).length));
  const drawn = Math.max(0, ...rows.map(({ cells }) => visible(cells)));
  return rows.map(({ names, cells, note }) =>
    `  ${nameOf(names).padEnd(width)}  ${cells}${' '.repeat(drawn - visible(cells))}  ${note}`.trimEnd(),
  );
}

/** Signs on the screen, without those that colour them. */
function visible(cells: string): number {
  return stripVTControlCharacters(cells).length;
}

function nameOf(names: readonly string[]): string {
  const [first = '', ...rest] = names;
  return rest.length === 0 ? first : `${first} … ${rest.at(-1)} (${names.length})`;
}

function cellsOf(node: MapNode, legend: ReadonlyMap<string, string>, { plan, colour }: DrawOptions): string {
  const draw = (withPlan: boolean): string =>
    [
      node.gpus.map((gpu) => paint(gpuCell(gpu, legend, withPlan), legend, colour)).join(''),
      ...node.devices.map((devices) => {
        const cells = deviceCells(devices, legend, withPlan);
        return `${shortName(devices.resource)} ${cells.map((cell) => paint(cell, legend, colour)).join('')}`;
      }),
    ]
      .filter(Boolean)
      .join(' ');
  const now = draw(false);
  return plan ? `${now} → ${draw(true)}` : now;
}

function gpuCell({ parts }: MapGpu, legend: ReadonlyMap<string, string>, withPlan: boolean): string {
  const shown = parts.filter(({ planned }) => withPlan || !planned);
  if (shown.length === 0) return '·';
  const owners = new Set(shown.map(({ tenant }) => tenant));
  if (owners.size > 1) return '%';
  const letter = letterOf(shown[0], legend);
  const milli = shown.reduce((sum, { amount }) => sum + amount, 0);
  // Replicas that do not divide a thousand leave a rest that nobody can have.
  return milli > 900 ? letter : letter.toLowerCase();
}

function deviceCells(devices: MapDevices, legend: ReadonlyMap<string, string>, withPlan: boolean): readonly string[] {
  const cells = devices.parts
    .filter(({ planned }) => withPlan || !planned)
    .flatMap((part) => Array.from({ length: part.amount }, () => letterOf(part, legend)));
  return [...cells, ...Array.from({ length: Math.max(0, devices.count - cells.length) }, () => '·')];
}

function letterOf(part: Part | undefined, legend: ReadonlyMap<string, string>): string {
  return legend.get(part?.tenant ?? '') ?? '?';
}

function paint(cell: string, legend: ReadonlyMap<string, string>, colour: boolean): string {
  const at = [...legend.values()].indexOf(cell.toUpperCase());
  return !colour || at < 0 ? cell : `\u001b[38;5;${COLOURS[at % COLOURS.length]}m${cell}\u001b[0m`;
}

/** `1g.10gb` of nvidia.com/mig-1g.10gb. */
export function shortName(resource: string): string {
  return resource.replace(/^nvidia\.com\/(mig-)?/, '');
}

function key(legend: ReadonlyMap<string, string>, { colour }: DrawOptions): string[] {
  const tenants = [...legend].map(([tenant, letter]) => `${paint(letter, legend, colour)} ${tenant}`);
  const signs = ['small letter: a part of a GPU', '% several tenants', '? no tenant', '· free'];
  return [[...tenants, ...signs].join('   ')];
}

function totals({ capacityMilli, heldMilli, plannedMilli }: PoolsMap, { plan }: DrawOptions): string {
  const now = `${gpus(heldMilli)} of ${gpus(capacityMilli)} GPUs in use`;
  return plan ? `${now}, ${gpus(heldMilli + plannedMilli)} after the plan` : now;
}

function gpus(milli: number): string {
  return String(Math.round(milli / 100) / 10);
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
