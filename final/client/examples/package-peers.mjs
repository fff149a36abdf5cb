// #region peers
import { createPeer } from 'leveret/peers';

const alice = await createPeer();
const bob = await createPeer();
await alice.send(bob.address, Buffer.from('hello'));
for await (const { data, from } of bob.receive()) {
  console.log(`${data} from ${from}`);
  break;
}
await Promise.all([alice.close(), bob.close()]);
// #endregion peers
