import { runBench } from './command.ts';
import { measureRuntime } from './runtime/measure.ts';
import { table } from './runtime/report.ts';

const HELP = `Measures operator/runtime beside controller-runtime: the same controller, the same objects, the same API server.

Usage: node e2e/bench/runtime.ts [--objects 10000] [--pods 100000] [--rounds 1] [--json]
Example: node e2e/bench/runtime.ts --objects 1000 --pods 5000

  --objects N  custom resources; each pass reads three related ones, applies a ConfigMap and writes the status
  --pods N     pods that both cache, cut to node, phase, labels and GPU requests
  --rounds N   rounds; each measures both sides one after the other, in turns first, and the medians count
  --json       print one JSON object and nothing else

A round, for each side with fresh objects: start until all are Ready; a change of every hundredth, one each 50 ms; one
change that wakes all and leaves nothing to do; then half of the pods while it caches them; then a start on everything.
What was made is compared to what the objects ask for. The ratio of a speed says how many times as fast ours is, that
of a use how many times as much it takes.

A cluster of its own (etcd and API server alone) is started and stopped again, also when interrupted. The baseline is
e2e/bench/runtime-go, built with Go once and kept. Absolute numbers depend on the machine; the ratios say more.

Exit codes: 0 measured; 1 failed; 2 usage, or a cluster that is not built here; 130 interrupted.
`;

await runBench({
  help: HELP,
  options: {
    objects: { usual: 10_000, least: 10, most: 50_000 },
    pods: { usual: 100_000, least: 2, most: 200_000 },
    rounds: { usual: 1, least: 1, most: 20 },
  },
  measure: measureRuntime,
  table,
});
