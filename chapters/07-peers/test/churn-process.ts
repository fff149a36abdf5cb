/** Many peers come and go. This process has to end by itself: it would not if a timer or a socket were left. */
import { createPeer } from '#peers';

for (let round = 0; round < 20; round++) {
  const peers = await Promise.all(Array.from({ length: 8 }, () => createPeer({ maxPoolSize: 2 })));
  const stop = new AbortController();
  const sends = Promise.allSettled(
    peers.flatMap((from) =>
      peers.map((to, n) =>
        from.send(to.address, Buffer.alloc(n * 1_000), n === 3 ? { signal: stop.signal } : {}),
      ),
    ),
  );
  if (round % 2 === 0) stop.abort();
  // Half of the peers are closed while the others still send to them.
  await Promise.all(peers.slice(4).map((peer) => peer.close()));
  await sends;
  for (const peer of peers.slice(0, 4)) {
    for (const { address } of peers.slice(4)) await peer.send(address, Buffer.alloc(1)).catch(() => {});
  }
  await Promise.all(peers.map((peer) => peer.close()));
}
const resources = () => process.getActiveResourcesInfo().filter((kind) => /Timeout|TCP/.test(kind));
// A closed handle is still listed until the next turn of the event loop.
for (let turn = 0; turn < 10 && resources().length > 0; turn++) await new Promise(setImmediate);
const left = resources();
process.send?.({ left });
process.disconnect?.();
