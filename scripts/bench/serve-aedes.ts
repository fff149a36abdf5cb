/** Serves aedes, the MQTT broker written in JavaScript, for a benchmark. Tells its parent `{ port }`. */
import net from 'node:net';
import process from 'node:process';
import { Aedes } from 'aedes';

const aedes = await Aedes.createBroker();
const server = net.createServer({ noDelay: true }, (socket) => {
  aedes.handle(socket);
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => {
  const address = server.address();
  process.on('disconnect', () => process.exit(0));
  process.send?.({ port: typeof address === 'object' && address ? address.port : 0 });
});
