/** A peer in a process of its own: `PORT` says where, and it tells its parent its address and what it receives. */
import { createPeer } from '#peers';

const peer = await createPeer({ port: Number(process.env.PORT ?? 0) });
process.send?.({ address: peer.address });
for await (const { data, from } of peer.receive()) process.send?.({ text: data.toString(), from });
