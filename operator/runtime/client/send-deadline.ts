/**
 * Keeps a request from leaving the process after its time. A time limit alone cannot: when the thread was blocked, the
 * callback of a connection that has come up runs before the timer that would have ended the request.
 */
import { DecoratorHandler, type Dispatcher } from 'undici';

/**
 * The request waited for a connection until its time was over; nothing of it was sent.
 * @remedy nothing if it passes; else give the process more CPU, or look for what holds its connections
 */
export class TooLateToSend extends Error {
  override readonly name = 'TooLateToSend';
  readonly code = 'TooLateToSend';
}

class Guard extends DecoratorHandler {
  readonly #inTime: () => boolean;

  constructor(handler: Dispatcher.DispatchHandler, inTime: () => boolean) {
    super(handler);
    this.#inTime = inTime;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: object): void {
    if (!this.#inTime())
      controller.abort(new TooLateToSend('the time limit was over before the request could be sent'));
    Reflect.get(DecoratorHandler.prototype, 'onRequestStart').call(this, controller, context);
  }
}

/** The dispatcher, asking `inTime` at the moment at which it is about to write the request. */
export function sentInTime(dispatcher: Dispatcher, inTime: () => boolean): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => dispatch(options, new Guard(handler, inTime)));
}
