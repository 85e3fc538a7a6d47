/** docs/controllers.md: what watches what. */
import type { ControllerDescription, WatchDescription } from '../../runtime/index.ts';

/** The page. Throws TypeError when a watch has no words for what it wakes. */
export function controllersPage(controllers: readonly ControllerDescription[], note: string): string {
  return [
    `<!-- ${note} -->`,
    '# Controllers',
    '',
    'A pass runs when an object of the kind it reconciles changes, when what it owns or watches changes, and at least as often as **every** says. All reads come from one cache for the process. Kinds of gpuoptimizer.io stand without their group. Rights: [rbac.md](rbac.md).',
    '',
    '## What wakes what',
    '',
    ...matrix(controllers),
    '',
    '**reconciles**: its own kind · **owns**: made by it, a change wakes the owner · **watches**: a change wakes what the table below says · **reads**: looked up, wakes nothing',
    '',
    '## Each controller',
    '',
    '| controller | reconciles | wakes on | passes at once | every | debounce | time limit | finalizer | failures are told in |',
    '|---|---|---|---|---|---|---|---|---|',
    ...controllers.map(row),
    '',
  ].join('\n');
}

function matrix(controllers: readonly ControllerDescription[]): readonly string[] {
  const kinds = [...new Set(controllers.flatMap(kindsOf))].sort();
  const cell = (controller: ControllerDescription, kind: string): string =>
    roles
      .filter(({ of }) => of(controller).includes(kind))
      .map(({ name }) => name)
      .join(', ');
  return [
    `| kind | ${controllers.map(({ name }) => name).join(' | ')} |`,
    `|---|${controllers.map(() => '---|').join('')}`,
    ...kinds.map(
      (kind) => `| ${short(kind)} | ${controllers.map((controller) => cell(controller, kind)).join(' | ')} |`,
    ),
  ];
}

const roles: readonly { readonly name: string; readonly of: (one: ControllerDescription) => readonly string[] }[] = [
  { name: 'reconciles', of: ({ primary }) => (primary === undefined ? [] : [primary]) },
  { name: 'owns', of: ({ owns }) => owns },
  { name: 'watches', of: ({ watches }) => watches.map(({ kind }) => kind) },
  { name: 'reads', of: ({ reads }) => reads },
];

function kindsOf(controller: ControllerDescription): readonly string[] {
  return roles.flatMap(({ of }) => of(controller));
}

function row(controller: ControllerDescription): string {
  const { concurrency, debounceMillis, everyMillis, finalizer, name, owns, primary, reportsInStatus } = controller;
  const owned = owns.map((kind) => `${short(kind)}: its owner`);
  const woken = [...owned, ...controller.watches.map((watch) => wakes(controller, watch))].join('<br>');
  const spans = [everyMillis, debounceMillis, controller.timeoutMillis].map(span);
  const told = reportsInStatus ? 'conditions' : 'metrics, log';
  return `| ${[name, short(primary ?? '–'), woken, concurrency, ...spans, finalizer ?? '–', told].join(' | ')} |`;
}

function wakes({ name, primary }: ControllerDescription, { kind, wakes: mapper, when }: WatchDescription): string {
  if (mapper === '') {
    throw new TypeError(`the watch of ${kind} by ${name} maps by a function without a name; name it: pages print it`);
  }
  const keys = primary === undefined ? 'the one pass' : `\`${mapper}\``;
  return `${short(kind)}: ${keys}${when === undefined ? '' : ` if \`${when}\``}`;
}

function short(kind: string): string {
  return kind.replace(/[.]gpuoptimizer[.]io$/, '');
}

const units = [
  { name: 'h', millis: 3_600_000 },
  { name: 'm', millis: 60_000 },
  { name: 's', millis: 1_000 },
  { name: 'ms', millis: 1 },
] as const;

function span(millis: number | undefined): string {
  const unit = units.find((one) => millis !== undefined && millis % one.millis === 0);
  return unit === undefined || millis === undefined ? '–' : `${millis / unit.millis}${unit.name}`;
}
