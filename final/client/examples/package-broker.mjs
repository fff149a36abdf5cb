// #region broker
import { createBroker } from 'leveret';

const broker = await createBroker({ port: 7410 });
console.log(broker.addresses);
await broker.close();
// #endregion broker
