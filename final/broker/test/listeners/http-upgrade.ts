/** Asks an HTTP server for a WebSocket with whatever headers a test wants to send. */
import { request as httpRequest } from 'node:http';

/** What was answered: 101 for a WebSocket, which is closed at once. */
export interface UpgradeAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends one upgrade. */
export function askForUpgrade(
  { host, port }: { readonly host: string; readonly port: number },
  headers: Readonly<Record<string, string>> = {},
  path = '/leveret',
): Promise<UpgradeAnswer> {
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port, path, headers: { ...upgrade, ...headers }, agent: false });
    request.on('error', reject);
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve({ status: 101, body: '' });
    });
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.end();
  });
}
