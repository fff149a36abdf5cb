// #region client
import { connect } from 'leveret/client';

const client = await connect('leveret://127.0.0.1:7410');
const news = await client.subscribe('news.>');
client.publish('news.today', 'hello');
for await (const message of news) {
  console.log(message.topic, message.id, message.text());
  break;
}
await client.close();
// #endregion client
