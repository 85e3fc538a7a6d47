import type { IncomingMessage } from 'node:http';

import { PortalProblem } from './problem.ts';

/** Far more than any body of the portal has. */
const mostBytes = 16 * 1024;

/** Reads a JSON body; throws `BodyTooLarge`, `MediaTypeUnsupported` or `RequestInvalid`. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new PortalProblem('MediaTypeUnsupported', `Content-Type "${type}" is not application/json`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > mostBytes)
      throw new PortalProblem('BodyTooLarge', `the body has more than ${mostBytes} bytes`, {
        headers: { connection: 'close' },
      });
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new PortalProblem('RequestInvalid', 'the body is no JSON', { cause });
  }
}
