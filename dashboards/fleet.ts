import type { Dashboard } from './panels.ts';

/** What an admin asks first: what do I have, is it used, who waits, what is wasted, does the operator work. */
export const fleet: Dashboard = {
  uid: 'gpuopt-fleet',
  title: 'GPU fleet',
  rows: [
    {
      title: 'What do I have?',
      panels: [
        {
          title: 'GPUs by pool',
          description: 'Held, free and unhealthy GPUs of each pool, in equivalents of whole GPUs.',
          kind: 'timeseries',
          unit: 'short',
          width: 12,
          queries: [
            { expr: 'sum by (pool) (gpuopt_pool_allocated_gpus)', legend: '{{pool}} held' },
            { expr: 'sum by (pool) (gpuopt_pool_free_gpus)', legend: '{{pool}} free' },
            { expr: 'sum by (pool) (gpuopt_pool_unhealthy_gpus)', legend: '{{pool}} unhealthy' },
          ],
        },
        {
          title: 'Held share by model',
          description: 'The part of each model that pods hold.',
          kind: 'bargauge',
          unit: 'percentunit',
          width: 12,
          queries: [
            {
              expr: 'sum by (model) (gpuopt_pool_allocated_gpus) / sum by (model) (gpuopt_pool_gpus)',
              legend: '{{model}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Is held GPU used?',
      panels: [
        {
          title: 'Activity of held GPUs by namespace',
          description:
            'Mean engine activity of GPUs that a pod holds; utilisation would count a single small kernel as busy.',
          kind: 'timeseries',
          unit: 'percentunit',
          width: 12,
          queries: [{ expr: 'avg by (namespace) (DCGM_FI_PROF_GR_ENGINE_ACTIVE{pod!=""})', legend: '{{namespace}}' }],
        },
        {
          title: 'Power by model',
          description: 'What the GPUs draw, held or not; a MIG GPU is counted once.',
          kind: 'timeseries',
          unit: 'watt',
          width: 12,
          queries: [
            {
              expr: 'sum by (modelName) (max by (UUID, modelName) (DCGM_FI_DEV_POWER_USAGE))',
              legend: '{{modelName}}',
            },
          ],
        },
      ],
    },
    {
      title: 'What could be given back?',
      panels: [
        {
          title: 'Open recommendations',
          description: 'Idle workloads by policy.',
          kind: 'stat',
          unit: 'short',
          width: 6,
          queries: [
            { expr: 'sum by (namespace, policy) (gpuopt_tuning_recommendations)', legend: '{{namespace}}/{{policy}}' },
          ],
        },
        {
          title: 'GPU time they would free in 30 days',
          description: 'Predicted, not measured.',
          kind: 'stat',
          unit: 's',
          width: 6,
          queries: [{ expr: 'sum by (namespace) (gpuopt_tuning_predicted_gpu_seconds)', legend: '{{namespace}}' }],
        },
        {
          title: 'Targets whose telemetry is refused',
          description: 'By the reason of the quality gate; see the condition TelemetryReady of the policy.',
          kind: 'timeseries',
          unit: 'short',
          width: 12,
          queries: [{ expr: 'sum by (reason) (gpuopt_tuning_gate_refused_targets)', legend: '{{reason}}' }],
        },
      ],
    },
    {
      title: 'Who waits?',
      panels: [
        {
          title: 'Waiting pods by reason',
          description: 'Gated pods that the last plan could not place.',
          kind: 'timeseries',
          unit: 'short',
          width: 12,
          queries: [{ expr: 'sum by (reason) (gpuopt_waiting_pods)', legend: '{{reason}}' }],
        },
        {
          title: 'From creation to release',
          description: 'How long released pods waited for their plan.',
          kind: 'timeseries',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: 'histogram_quantile(0.5, sum by (le) (rate(gpuopt_release_latency_seconds_bucket[5m])))',
              legend: 'half within',
            },
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(gpuopt_release_latency_seconds_bucket[5m])))',
              legend: '99 % within',
            },
          ],
        },
      ],
    },
    {
      title: 'Does the operator work?',
      panels: [
        {
          title: 'Passes that ended in an error',
          description: 'Per second, by controller.',
          kind: 'timeseries',
          unit: 'ops',
          width: 12,
          queries: [
            {
              expr: 'sum by (controller) (rate(controller_runtime_reconcile_errors_total[5m]))',
              legend: '{{controller}}',
            },
          ],
        },
        {
          title: 'Queue depth',
          description: 'Keys that wait for a pass, by controller.',
          kind: 'timeseries',
          unit: 'short',
          width: 12,
          queries: [{ expr: 'sum by (controller) (workqueue_depth)', legend: '{{controller}}' }],
        },
      ],
    },
  ],
};
