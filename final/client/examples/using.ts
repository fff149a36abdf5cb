// #region using
import { connect } from 'leveret';

await using client = await connect('leveret://127.0.0.1:7410');
const weather = await client.subscribe('weather.*', { from: 'latest' });
client.publish('weather.coast', 'light rain');
for await (const message of weather) console.log(message.topic, message.text());
// #endregion using
