/** A peer for a person: what you type goes to one address, and what arrives is printed. */
import { createInterface } from 'node:readline';
import { createPeer, PeerError, parseAddress } from './index.ts';

const [to] = process.argv.slice(2);
try {
  if (to === undefined)
    throw new Error('say whom to talk to: npx tsx chapters/07-peers/talk.ts 127.0.0.1:7407');
  parseAddress(to);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

await using peer = await createPeer();
console.log(`You are ${peer.address}. Each line that you type goes to ${to}; Ctrl-D ends.`);
void (async () => {
  for await (const { data, from } of peer.receive()) console.log(`${from}: ${data}`);
})();
for await (const line of createInterface({ input: process.stdin })) {
  await peer.send(to, Buffer.from(line)).catch((error: unknown) => {
    console.log(error instanceof PeerError ? `not sent (${error.code}): ${error.message}` : error);
  });
}
