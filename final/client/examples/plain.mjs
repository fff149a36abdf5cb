import { connect } from 'leveret';

// #region plain
const client = await connect('leveret://127.0.0.1:7410');
try {
  const weather = await client.subscribe('weather.*', { from: 'latest' });
  client.publish('weather.coast', 'light rain');
  for await (const message of weather) {
    console.log(message.topic, message.text());
    break;
  }
} finally {
  await client.close();
}
// #endregion plain
