import { readOptions } from '../options.ts';
import { startSmtpPeer } from './server.ts';

const help = `Runs an SMTP server that keeps what it is sent, and shows it by HTTP.

Usage: node e2e/peers/smtp/main.ts [options]

  --host ADDRESS     where it listens (127.0.0.1)
  --port N           of SMTP, 0 for any (0)
  --http-port N      of HTTP, 0 for any (0)
  --journal FILE     what was taken is kept here and read again at the next start
  --username NAME    with --password, asks for them
  --password TEXT
  --help             this text

It prints one line of JSON with its ports when it is ready.

Example: node e2e/peers/smtp/main.ts --port 2525 --http-port 8025
`;

const values = readOptions(
  {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'http-port': { type: 'string', default: '0' },
    journal: { type: 'string' },
    username: { type: 'string' },
    password: { type: 'string' },
  },
  help,
);

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
