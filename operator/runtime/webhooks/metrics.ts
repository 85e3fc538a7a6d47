/** Metrics of webhooks under controller-runtime's names and buckets. */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from '../../observability/index.ts';
import type { Webhook } from './webhook.ts';

const latencyBuckets = Array.from({ length: 12 }, (_, power) => 1e-8 * 10 ** power);

/** Registers everything on one registry; made only where webhooks are served. */
export class WebhookMetrics {
  readonly latency;
  readonly requests;
  readonly inFlight;
  readonly panics;
  readonly certificateReads;
  readonly certificateErrors;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    this.latency = new Histogram({
      name: 'controller_runtime_webhook_latency_seconds',
      help: 'Histogram of the latency of processing admission requests',
      labelNames: ['webhook'],
      buckets: latencyBuckets,
      registers,
    });
    this.requests = new Counter({
      name: 'controller_runtime_webhook_requests_total',
      help: 'Total number of admission requests by HTTP status code.',
      labelNames: ['webhook', 'code'],
      registers,
    });
    this.inFlight = new Gauge({
      name: 'controller_runtime_webhook_requests_in_flight',
      help: 'Current number of admission requests being served.',
      labelNames: ['webhook'],
      registers,
    });
    this.panics = {
      admission: counter('controller_runtime_webhook_panics_total', 'Total number of webhook panics'),
      conversion: counter(
        'controller_runtime_conversion_webhook_panics_total',
        'Total number of conversion webhook panics',
      ),
    };
    this.certificateReads = counter('certwatcher_read_certificate_total', 'Total number of certificate reads');
    this.certificateErrors = counter(
      'certwatcher_read_certificate_errors_total',
      'Total number of certificate read errors',
    );
  }

  /** Starts every label of a webhook at 0. */
  introduce({ path }: Webhook): void {
    for (const code of ['200', '500']) this.requests.inc({ webhook: path, code }, 0);
    this.inFlight.set({ webhook: path }, 0);
    this.latency.zero({ webhook: path });
  }
}
