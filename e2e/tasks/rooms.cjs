/** Who may import whom: docs/architecture.md as rules of dependency-cruiser. */
const rooms = {
  api: [],
  kube: [],
  observability: [],
  runtime: ['observability'],
  store: ['observability'],
  pools: ['api', 'kube', 'runtime', 'store', 'observability'],
  scheduling: ['api', 'kube', 'runtime', 'store', 'observability', 'pools'],
  metering: ['api', 'kube', 'runtime', 'store', 'observability', 'pools'],
  billing: ['api', 'kube', 'runtime', 'store', 'observability', 'metering'],
  tuning: ['api', 'kube', 'runtime', 'store', 'observability', 'pools', 'metering'],
  growth: ['api', 'kube', 'runtime', 'store', 'observability', 'billing'],
  portal: ['api', 'kube', 'runtime', 'store', 'observability', 'metering', 'billing', 'growth'],
  crdgen: [],
};

const any = (names) => `^operator/(${names.join('|')})/`;

const perRoom = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports`,
  comment: `${room} may import ${allowed.length > 0 ? allowed.join(', ') : 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^operator/${room}/`, pathNot: '[.]test[.]ts$' },
  to: { path: '^operator/', pathNot: any([room, ...allowed]) },
}));

const doorOf = (room, from, door) => ({
  name: `${room}-door`,
  comment: `${room} is entered through its index.ts`,
  severity: 'error',
  from,
  to: { path: `^operator/${room}/`, pathNot: door },
});

/** Rooms enter each other through index.ts alone; the tools under e2e may also use a part of a room that has a door of its own. */
const doors = Object.keys(rooms)
  .filter((room) => room !== 'crdgen')
  .flatMap((room) => [
    doorOf(room, { path: '^operator/', pathNot: `^operator/${room}/` }, `^operator/${room}/(testing/)?index[.]ts$`),
    doorOf(room, { path: '^e2e/' }, [`^operator/${room}/index[.]ts$`, `^operator/${room}/[^/]+/index[.]ts$`]),
  ]);

const packages = [
  ['@kubernetes/client-node', '^operator/(runtime/client|kube)/'],
  ['stripe', '^(operator/billing/sinks/stripe|e2e/peers/stripe)/'],
  ['kysely', '^operator/(store|metering|billing|tuning|growth|portal)/'],
].map(([name, where]) => ({
  name: `only-there-${name.replace(/\W/g, '-')}`,
  comment: `${name} is imported only by ${where}`,
  severity: 'error',
  from: { path: '^operator/', pathNot: where },
  to: { path: `node_modules/${name}/` },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'nobody-imports-cli-or-main',
      severity: 'error',
      from: { pathNot: '^operator/(cli/|main[.]ts)|^e2e/' },
      to: { path: '^operator/(cli/|main[.]ts)' },
    },
    {
      name: 'decide-is-pure',
      comment: 'decide.ts computes: no runtime, store or input and output',
      severity: 'error',
      from: { path: '/decide[.]ts$' },
      to: { path: '^operator/(runtime|store)/|^(fs|http|net|child_process|node:)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'peers-know-nothing-of-ours',
      severity: 'error',
      // The planted programs and the biller's process are what is checked, not what checks; a database server is neither.
      from: {
        path: '^e2e/(peers|faults)/',
        pathNot: '^e2e/faults/(planted/(main|bugs|finalizer-bugs|toy)|billing/(subject/[^/]+|database))[.]ts$',
      },
      to: { path: '^operator/' },
    },
    ...perRoom,
    ...doors,
    ...packages,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)testdata/' },
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'], conditionNames: ['import', 'node', 'default'], exportsFields: ['exports'] },
  },
};
