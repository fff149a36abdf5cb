/** A peer for a person: what you type goes to one address, and what arrives is printed. */
import { createInterface } from 'node:readline';
import { createPeer } from '#peers';

const [to = ''] = process.argv.slice(2);
await using peer = await createPeer();
console.log(`You are ${peer.address}. Each line that you type goes to ${to}; Ctrl-D ends.`);
void (async () => {
  for await (const { data, from } of peer.receive()) console.log(`${from}: ${data}`);
})();
for await (const line of createInterface({ input: process.stdin })) {
  await peer.send(to, Buffer.from(line)).catch((error) => console.log(`not sent: ${error.message}`));
}
