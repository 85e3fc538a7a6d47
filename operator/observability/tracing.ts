/** Traces through the OpenTelemetry API: while no SDK is registered in the process, a span costs next to nothing. */
import { type Attributes, context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** What a piece of work tells of itself while it runs. */
export interface Trace {
  /** Adds attributes, for example what came of it. */
  note(attributes: Attributes): void;
  /** Says that it failed, for work that does not throw. */
  failed(error: unknown): void;
}

/** How a span begins. Names have few values (`reconcile gpupool`, `PATCH pods`); what tells them apart is an attribute. */
export interface SpanStart {
  readonly name: string;
  /** `client` for a request to another process. */
  readonly kind?: 'client';
  readonly attributes: Attributes;
}

/** Runs `work` in a span, a child of the span that is active; what it throws is recorded and thrown on. */
export function traced<T>({ name, kind, attributes }: SpanStart, work: (own: Trace) => Promise<T>): Promise<T> {
  const options = { attributes, kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL };
  return trace.getTracer('gpuopt').startActiveSpan(name, options, async (span) => {
    const failed = (error: unknown): void => {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
    };
    try {
      return await work({ note: (attributes) => span.setAttributes(attributes), failed });
    } catch (error) {
      failed(error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The headers that carry the active span to another process (W3C `traceparent`); none without an SDK. */
export function traceHeaders(): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}
