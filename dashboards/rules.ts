/** A recording rule or an alert, as Prometheus reads it. */
export type PrometheusRule =
  | { readonly record: string; readonly expr: string }
  | {
      readonly alert: string;
      readonly expr: string;
      readonly for: string;
      readonly labels: { readonly severity: 'warning' | 'critical' };
      readonly annotations: { readonly summary: string; readonly description: string };
    };

/** The rules in groups, as a rule file holds them. */
export const ruleFile: {
  readonly groups: readonly { readonly name: string; readonly rules: readonly PrometheusRule[] }[];
} = {
  groups: [
    {
      name: 'gpuopt-recordings',
      rules: [
        {
          record: 'namespace:gpuopt_engine_active:avg',
          expr: 'avg by (namespace) (DCGM_FI_PROF_GR_ENGINE_ACTIVE{pod!=""})',
        },
        { record: 'pool:gpuopt_allocated_gpus:sum', expr: 'sum by (pool) (gpuopt_pool_allocated_gpus)' },
      ],
    },
    {
      name: 'gpuopt-alerts',
      rules: [
        {
          alert: 'GPUOptNoLeader',
          expr: 'max(leader_election_master_status) < 1',
          for: '2m',
          labels: { severity: 'critical' },
          annotations: {
            summary: 'No operator leads',
            description:
              'Pods stay gated and nothing is billed until a process holds the Lease; look at the pods of the operator.',
          },
        },
        {
          alert: 'GPUOptReconcileErrors',
          expr: 'sum by (controller) (rate(controller_runtime_reconcile_errors_total[10m])) > 0.1',
          for: '10m',
          labels: { severity: 'warning' },
          annotations: {
            summary: 'The controller {{ $labels.controller }} fails again and again',
            description:
              'More than one pass in ten seconds ends in an error; the log and the condition Ready of its objects say why.',
          },
        },
        {
          alert: 'GPUOptTelemetryNotReady',
          expr: 'gpuopt_tuning_telemetry_ready == 0 and gpuopt_tuning_targets > 0',
          for: '15m',
          labels: { severity: 'warning' },
          annotations: {
            summary: 'OptimizationPolicy {{ $labels.namespace }}/{{ $labels.policy }} cannot trust its telemetry',
            description:
              'Nothing new is recommended; the condition TelemetryReady of the policy names the reason and the remedy.',
          },
        },
        {
          alert: 'GPUOptBillingLate',
          expr: 'max(gpuopt_billing_oldest_unsent_seconds) > 21600',
          for: '5m',
          labels: { severity: 'warning' },
          annotations: {
            summary: 'Usage has waited for more than 6 hours to be acknowledged by its provider',
            description:
              'The conditions Ready and Progressing of the BillingProvider say why; nothing is lost while it waits.',
          },
        },
        {
          alert: 'GPUOptBillingOverdue',
          expr: 'max(gpuopt_billing_oldest_unsent_seconds) > 72000',
          for: '5m',
          labels: { severity: 'critical' },
          annotations: {
            summary: 'Usage has waited for more than 20 hours to be acknowledged by its provider',
            description:
              'After 23 hours it is read back before it is sent again, after 35 days the provider takes it no more; kubectl describe billingprovider says what is wrong.',
          },
        },
        {
          alert: 'GPUOptBillingDuplicates',
          expr: 'sum(delta(gpuopt_billing_outbox_rows{state="ACCEPTED_DUP"}[1h])) > 10',
          for: '5m',
          labels: { severity: 'warning' },
          annotations: {
            summary: 'The provider says of more and more usage that it has it already',
            description:
              'A restart may repeat a few rows, and each is billed once; many mean that answers are lost on their way or that something else sends for this account.',
          },
        },
        {
          alert: 'GPUOptBillingDrift',
          expr: 'sum by (provider) (gpuopt_billing_drift_gpu_seconds{state="held"}) > 0',
          for: '5m',
          labels: { severity: 'warning' },
          annotations: {
            summary: 'The sums of provider {{ $labels.provider }} differ by more than is corrected without a person',
            description: 'gpuopt usage reconcile says in which hours, by how much and why.',
          },
        },
        {
          alert: 'GPUOptUsageChainCut',
          expr: 'sum(increase(gpuopt_billing_report_checks_total{result="cut"}[2h])) > 0',
          for: '1m',
          labels: { severity: 'critical' },
          annotations: {
            summary: 'The ledger lacks usage that a UsageReport has recorded',
            description:
              'A tail of a chain was cut off or an older copy of the database was restored; the condition Verified of the UsageReport names tenant and window.',
          },
        },
        {
          alert: 'GPUOptBillingNotReconciled',
          expr: 'max by (provider) (gpuopt_billing_reconcile_age_seconds{scope="hour"}) > 10800',
          for: '5m',
          labels: { severity: 'warning' },
          annotations: {
            summary: 'The sums of provider {{ $labels.provider }} were not compared for three hours',
            description: 'The provider does not answer or the comparison fails; the log of the operator says why.',
          },
        },
        {
          alert: 'GPUOptPoolUnhealthy',
          expr: 'sum by (pool) (gpuopt_pool_unhealthy_gpus) > 0',
          for: '10m',
          labels: { severity: 'warning' },
          annotations: {
            summary: 'GPUs of pool {{ $labels.pool }} cannot be handed out',
            description:
              'Nodes are cordoned or not ready, or devices are unhealthy; kubectl describe gpupool {{ $labels.pool }} says which.',
          },
        },
      ],
    },
  ],
};
