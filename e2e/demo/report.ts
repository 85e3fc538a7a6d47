import type { StepResult } from './context.ts';
import type { DemoFacts } from './steps.ts';
import { counted, wrapped } from './words.ts';

/** Recommendations that the report spells out. */
const MOST_SHOWN = 5;

/** The report at the end of the demo: every number is of `facts`, which were read from the cluster, the operator and the peers. */
export function renderReport(facts: DemoFacts, results: readonly StepResult[]): string {
  return [
    section('GPUs (simulated)', gpus(facts)),
    section('Waits', waits(facts)),
    section('Who waits, and why', waiting(facts)),
    section('Recommendations', recommendations(facts)),
    section('Usage and bills', bills(facts)),
    section('Mails', [mails(facts)]),
    section('Steps of the thread', steps(results)),
  ].join('\n');
}

function mails({ mails: { sent, recipients, expected }, noRealNode }: DemoFacts): string {
  if (noRealNode !== undefined) return `none: the campaign's pod cannot run here (${noRealNode})`;
  return `${sent} sent to ${recipients} people; ${expected} had consented`;
}

function section(title: string, lines: readonly string[]): string {
  return `\n${title}\n${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}`;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Thousandths of a GPU as GPUs with one decimal. */
function gpu(milli: number): string {
  return (milli / 1000).toFixed(1);
}

function gpus({ cluster }: DemoFacts): readonly string[] {
  const rows = cluster.pools.map(({ metadata, status }) => {
    const total = status?.capacity?.gpus ?? 0;
    const milli = status?.allocated?.milli ?? 0;
    return [
      metadata.name,
      String(total),
      gpu(milli),
      total === 0 ? '–' : `${Math.round(milli / total / 10)} %`,
      gpu(status?.fragmentation?.strandedMilli ?? 0),
      String(status?.unhealthy?.gpus ?? 0),
    ];
  });
  const tenants = cluster.tenants.map(({ metadata, status }) => [
    metadata.name,
    gpu(status?.allocated?.milli ?? 0),
    String(status?.waitingPods ?? 0),
  ]);
  return [
    ...table([['pool', 'GPUs', 'allocated', 'share', 'stranded', 'unhealthy'], ...rows]),
    'stranded: free, but in pieces that the pods of this cluster cannot use',
    '',
    ...table([['tenant', 'holds GPUs', 'pods waiting'], ...tenants]),
  ];
}

function waits({ cluster }: DemoFacts): readonly string[] {
  const seconds = cluster.pods.flatMap(({ waitSeconds }) => waitSeconds ?? []).sort((a, b) => a - b);
  if (seconds.length === 0) return ['no pod was placed'];
  const at = (p: number): string =>
    `${Math.round(seconds[Math.min(seconds.length - 1, Math.floor(p * seconds.length))] ?? 0)} s`;
  return [
    `${counted(seconds.length, 'pod')} placed; from creation to binding p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)} (whole seconds, as Kubernetes stamps them)`,
  ];
}

function waiting({ cluster }: DemoFacts): readonly string[] {
  const groups = Map.groupBy(
    cluster.pods.filter(({ state }) => state === 'waiting'),
    ({ reason }) => reason ?? 'not said yet',
  );
  if (groups.size === 0) return ['nobody'];
  return [...groups].flatMap(([reason, pods]) => [
    `${reason}: ${counted(pods.length, 'pod')}${pods.length > 1 ? ', for example' : ','} ${pods[0]?.namespace}/${pods[0]?.name}`,
    ...wrapped(pods[0]?.message ?? '').map((line) => `    ${line}`),
  ]);
}

/** Sums decimal strings of one currency in hundredths, so that nothing is rounded on the way. */
function sumMoney(amounts: readonly string[]): string {
  const scale = 12;
  const total = amounts.reduce((sum, amount) => {
    const [whole = '0', part = ''] = amount.split('.');
    return sum + BigInt(whole + part.padEnd(scale, '0').slice(0, scale));
  }, 0n);
  const text = total.toString().padStart(scale + 1, '0');
  return `${text.slice(0, -scale)}.${text.slice(-scale, -scale + 2)}`;
}

function recommendations({ cluster, telemetry }: DemoFacts): readonly string[] {
  if (cluster.recommendations.length === 0) return ['none', `telemetry: ${telemetry.message}`];
  const money = Map.groupBy(cluster.recommendations, ({ spec }) => spec.predicted.currency ?? '');
  const totals = [...money].map(([currency, rows]) => {
    const amounts = rows.flatMap(({ spec }) => spec.predicted.moneyPerMonth ?? []);
    const what = rows.length === 1 ? 'recommendation' : 'recommendations, together,';
    return `${rows.length} ${what} would save ${sumMoney(amounts)} ${currency.toUpperCase()} in 30 days`;
  });
  const shown = cluster.recommendations
    .slice(0, MOST_SHOWN)
    .flatMap(({ spec }) => [...wrapped(spec.reason).map((line, at) => (at === 0 ? `- ${line}` : `  ${line}`))]);
  const more = cluster.recommendations.length - MOST_SHOWN;
  return [...totals, ...shown, ...(more > 0 ? [`and ${more} more: kubectl get optimizationrecommendations -A`] : [])];
}

function bills({ usage, stripe, customers }: DemoFacts): readonly string[] {
  return usage.flatMap(({ tenant, meters, cost }) => {
    const rows = meters.map(({ meter, quantity }) => {
      const counted = stripe.find((row) => row.customer === customers[tenant] && row.eventName === meter)?.value ?? '0';
      return [meter, quantity, counted, counted === quantity ? 'equal' : 'DIFFERS'];
    });
    const bill = cost === null ? 'no price book' : `${cost.amount} ${cost.currency.toUpperCase()}`;
    return [
      `tenant ${tenant}: ${bill}`,
      ...table([['  meter', 'GPU-seconds', 'Stripe has', ''], ...rows.map(([m, ...rest]) => [`  ${m}`, ...rest])]),
    ];
  });
}

const marks = { happened: '✓', skipped: '–', failed: '✗' } as const;

function steps(results: readonly StepResult[]): readonly string[] {
  const width = Math.max(...results.map((each) => each.step.length));
  return results.map(({ step, result, detail }) => {
    const name = `${marks[result]} ${step.padEnd(width)}`;
    return result === 'skipped' ? `${name}  skipped: ${detail}` : `${name}  ${detail}`;
  });
}
