import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../observability/index.ts';
import { envelope, field, message } from '../protobuf/encode.fixture.ts';
import type { Cluster } from './cluster.ts';
import { Transport } from './transport.ts';

let server: Server;
let transport: Transport;

afterEach(async () => {
  await transport.close();
  await new Promise((resolve) => server.close(resolve));
});

const cause = message(field(2, 'unknown'), field(3, 'sendInitialEvents'));
const details = message(field(4, cause), field(5, 7));
const refusal = envelope('Status', message(field(3, 'no such option'), field(5, details), field(6, 422)));

test.each([
  {
    name: 'in protobuf says why',
    body: refusal,
    want: { code: 'Invalid', causes: [{ field: 'sendInitialEvents', message: 'unknown' }], retryAfter: 7000 },
  },
  {
    name: 'in broken protobuf is one all the same',
    body: refusal.subarray(0, 9),
    want: { code: 'Invalid', causes: [] },
  },
])('a refusal $name', async ({ body, want }) => {
  server = createServer((_request, response) => {
    response.writeHead(422, { 'content-type': 'application/vnd.kubernetes.protobuf' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cluster: Cluster = {
    server: `http://127.0.0.1:${port}`,
    namespace: 'default',
    credentials: async () => ({ headers: {}, tls: {} }),
  };
  transport = new Transport(cluster, systemClock, { requested: () => undefined });
  await expect(transport.stream({ method: 'GET', path: '/', timeoutMillis: 5_000 })).rejects.toMatchObject(want);
});
