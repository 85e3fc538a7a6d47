/** One query of a panel, with the legend of its series. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** A panel as we describe it: a question, its answer in PromQL, and a unit of Grafana's. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: 'stat' | 'timeseries' | 'bargauge';
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
}

/** A dashboard: rows of panels under titles. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const PANEL_HEIGHT = 7;
const datasource = { type: 'prometheus', uid: '$datasource' };

/** The classic JSON model of Grafana (schemaVersion 42), which sidecars and grafana.com take. */
export function classicJson(dashboard: Dashboard): object {
  const panels: object[] = [];
  let y = 0;
  for (const row of dashboard.rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    for (const panel of row.panels) {
      panels.push(panelJson(panel, panels.length + 1, { x, y, w: panel.width, h: PANEL_HEIGHT }));
      x += panel.width;
    }
    y += PANEL_HEIGHT;
  }
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    schemaVersion: 42,
    tags: ['gpuopt'],
    timezone: 'utc',
    editable: false,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels,
  };
}

function panelJson({ title, description, kind, unit, queries }: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: kind,
    title,
    description,
    datasource,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      legendFormat: legend,
      // Stats and bars show now; a whole range would be fetched for nothing.
      instant: kind !== 'timeseries',
      range: kind === 'timeseries',
    })),
  };
}
