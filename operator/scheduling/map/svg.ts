import type { MapNode, Part, PoolsMap } from './model.ts';
import { shortName } from './terminal.ts';

const CELL = 18;
const GAP = 3;
const ROW = CELL + 8;
const NAME_WIDTH = 190;
const TOP = 46;
const COLOURS = ['#3b82f6', '#f59e0b', '#10b981', '#8b5cf6', '#06b6d4', '#ef4444', '#a16207', '#6366f1'] as const;
const NOBODY = '#94a3b8';

/**
 * The map as one SVG: a row for each node, a box for each GPU or device, filled by tenant in proportion; what a plan
 * would add is hatched. Boxes carry titles that name the pod.
 */
export function drawSvg(map: PoolsMap): string {
  const colours = new Map(map.tenants.map((tenant, at) => [tenant, COLOURS[at % COLOURS.length] ?? NOBODY]));
  const colourOf = (tenant: string): string => colours.get(tenant) ?? NOBODY;
  const rows = rowsOf(map);
  const width = Math.max(
    560,
    NAME_WIDTH + 30 + Math.max(0, ...rows.map((row) => ('node' in row ? widthOf(row.node) : 0))),
  );
  const height = TOP + rows.length * ROW + 40;
  const body = rows.map((row, at) => {
    const y = TOP + at * ROW;
    return 'node' in row ? nodeRow(row.node, y, colourOf) : text(12, y + 14, row.pool, 'font-weight="600"');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img">`,
    `<title>${escaped(summary(map))}</title>`,
    '<defs><pattern id="planned" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="3" height="6" fill="#fff" fill-opacity="0.65"/></pattern></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(12, 24, summary(map), 'font-size="14" font-weight="600"'),
    ...body,
    legend(map, height - 20, colourOf),
    '</svg>',
    '',
  ].join('\n');
}

type Row = { readonly pool: string } | { readonly node: MapNode };

function rowsOf({ nodes }: PoolsMap): readonly Row[] {
  const pools = [...new Set(nodes.map(({ pool }) => pool))];
  return pools.flatMap((pool): readonly Row[] => [
    { pool: `pool ${pool}` },
    ...nodes.filter((node) => node.pool === pool).map((node) => ({ node })),
  ]);
}

/** A box: what is drawn of one GPU, or of one device whose width is its share of a GPU. */
interface Box {
  readonly x: number;
  readonly width: number;
  readonly label?: string;
  readonly fills: readonly { readonly part: Part; readonly from: number; readonly to: number }[];
}

function boxesOf(node: MapNode): readonly Box[] {
  const boxes: Box[] = [];
  let x = 0;
  for (const { parts } of node.gpus) {
    let at = 0;
    const fills = parts.map((part) => {
      const from = at / 1000;
      at = Math.min(1000, at + part.amount);
      return { part, from, to: at / 1000 };
    });
    boxes.push({ x, width: CELL, fills });
    x += CELL + GAP;
  }
  for (const { resource, count, milliEach, parts } of node.devices) {
    const width = Math.max(7, Math.round((CELL * 3 * milliEach) / 1000));
    const owners = parts.flatMap((part) => Array.from({ length: part.amount }, () => part));
    for (let device = 0; device < count; device++) {
      const part = owners[device];
      boxes.push({ x, width, label: shortName(resource), fills: part === undefined ? [] : [{ part, from: 0, to: 1 }] });
      x += width + GAP;
    }
  }
  return boxes;
}

function widthOf(node: MapNode): number {
  const last = boxesOf(node).at(-1);
  return (last === undefined ? 0 : last.x + last.width) + (node.closed === undefined ? 0 : 12 + node.closed.length * 7);
}

function nodeRow(node: MapNode, y: number, colourOf: (tenant: string) => string): string {
  const boxes = boxesOf(node).map(({ x, width, label, fills }) => {
    const left = NAME_WIDTH + x;
    const free = `<rect x="${left}" y="${y}" width="${width}" height="${CELL}" rx="2" fill="#f1f5f9" stroke="#cbd5e1"><title>${escaped(`${label ?? 'GPU'}: ${fills.length === 0 ? 'free' : fills.map(({ part }) => part.pod).join(', ')}`)}</title></rect>`;
    const parts = fills.flatMap(({ part, from, to }) => {
      const height = Math.max(1, (to - from) * CELL);
      const top = y + CELL - to * CELL;
      const shape = `x="${left}" y="${round(top)}" width="${width}" height="${round(height)}" rx="1"`;
      const title = `<title>${escaped(`${part.pod}${part.tenant === '' ? '' : ` of ${part.tenant}`}${part.planned ? ' (planned)' : ''}`)}</title>`;
      const fill = `<rect ${shape} fill="${colourOf(part.tenant)}">${title}</rect>`;
      return part.planned ? [fill, `<rect ${shape} fill="url(#planned)" pointer-events="none"/>`] : [fill];
    });
    return [free, ...parts].join('');
  });
  const note =
    node.closed === undefined
      ? ''
      : text(NAME_WIDTH + widthOf({ ...node, closed: undefined }) + 8, y + 14, node.closed, 'fill="#b91c1c"');
  const faded = node.closed === undefined ? '' : ' opacity="0.55"';
  return `<g${faded}>${text(24, y + 14, node.name, '')}${boxes.join('')}</g>${note}`;
}

function legend({ tenants, plannedMilli }: PoolsMap, y: number, colourOf: (tenant: string) => string): string {
  let x = 12;
  const entries = [...tenants.map((tenant) => [tenant, colourOf(tenant)] as const), ['no tenant', NOBODY] as const];
  const drawn = entries.map(([name, colour]) => {
    const entry = `<rect x="${x}" y="${y - 10}" width="12" height="12" rx="2" fill="${colour}"/>${text(x + 17, y, name, '')}`;
    x += 34 + name.length * 7;
    return entry;
  });
  const hatch =
    plannedMilli === 0
      ? ''
      : `<rect x="${x}" y="${y - 10}" width="12" height="12" fill="#64748b"/><rect x="${x}" y="${y - 10}" width="12" height="12" fill="url(#planned)"/>${text(x + 17, y, 'planned', '')}`;
  return drawn.join('') + hatch;
}

function summary({ capacityMilli, heldMilli, plannedMilli }: PoolsMap): string {
  const gpus = (milli: number): string => String(Math.round(milli / 100) / 10);
  const after = plannedMilli === 0 ? '' : `, ${gpus(heldMilli + plannedMilli)} after the plan`;
  return `${gpus(heldMilli)} of ${gpus(capacityMilli)} GPUs in use${after}`;
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
