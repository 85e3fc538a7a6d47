import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers a request when it is for it and says true; else says false and leaves the response alone. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
