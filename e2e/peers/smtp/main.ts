import { parseArgs } from 'node:util';
import { startSmtpPeer } from './server.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'http-port': { type: 'string', default: '0' },
    journal: { type: 'string' },
    username: { type: 'string' },
    password: { type: 'string' },
  },
});

const { username, password } = values;
const peer = await startSmtpPeer({
  host: values.host,
  port: Number(values.port),
  httpPort: Number(values['http-port']),
  journal: values.journal,
  auth: username !== undefined && password !== undefined ? { username, password } : undefined,
});
console.log(JSON.stringify({ host: peer.host, port: peer.port, httpPort: peer.httpPort }));

const stop = (): void => {
  peer.stop().then(() => process.exit(0));
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
