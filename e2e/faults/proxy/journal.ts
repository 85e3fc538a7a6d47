import { type ApiRequest, isNoise } from './request.ts';
import { tokenIn, withoutToken } from './token.ts';

/** One write as it passed the proxy. */
export interface Write {
  /** Position among all writes since the proxy started, from 1. */
  readonly number: number;
  /** The operator's life, from 1; it goes up with every start. */
  readonly life: number;
  readonly controller: string;
  readonly verb: ApiRequest['verb'];
  /** `resource namespace/name` with the plan's token. */
  readonly object: string;
  readonly token: string | undefined;
  /** The step of the plan in which it came. */
  readonly step: string;
  /** Names the point in every run of the workload: controller, verb, object without token, step, and how often it came in the step. */
  readonly point: string;
  /** Whether it carries no state (events). */
  readonly noise: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The API server's status code; undefined while it was not forwarded or not answered. */
  status?: number;
}

/** The truth about what the operator wrote: kept outside of it, so that no bug of the operator can falsify it. */
export class Journal {
  readonly #writes: Write[] = [];
  readonly #seen = new Map<string, number>();
  readonly #now: () => number;
  readonly #steps = new Map<string, string>();
  life = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** From now on the writes of a plan are of this step. */
  enter(token: string, step: string): void {
    this.#steps.set(token, step);
  }

  /** Numbers a write. */
  note(request: ApiRequest): Write {
    const { controller, verb, resource, namespace, name } = request;
    const object = `${resource} ${namespace === '' ? name : `${namespace}/${name}`}`;
    const token = tokenIn(object);
    const base = `${controller} ${verb} ${token === undefined ? object : withoutToken(object, token)}`;
    const step = this.#steps.get(token ?? '') ?? 'none';
    const counted = `${token ?? ''} ${base} ${step}`;
    const occurrence = (this.#seen.get(counted) ?? 0) + 1;
    this.#seen.set(counted, occurrence);
    const write: Write = {
      number: this.#writes.length + 1,
      life: this.life,
      controller,
      verb,
      object,
      token,
      step,
      point: `${base} in ${step} #${occurrence}`,
      noise: isNoise(request),
      at: this.#now(),
    };
    this.#writes.push(write);
    return write;
  }

  /** The writes of one plan in their order. */
  of(token: string): readonly Write[] {
    return this.#writes.filter((write) => write.token === token);
  }

  /** Writes since a moment, in milliseconds since the epoch. */
  since(at: number): readonly Write[] {
    return this.#writes.filter((write) => write.at >= at);
  }

  /** How many writes there were. */
  get length(): number {
    return this.#writes.length;
  }
}
