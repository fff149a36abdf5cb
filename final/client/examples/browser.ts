import { type Client, connect, LeveretError, ProtocolError } from 'leveret/client';

/** What a page does: it subscribes, publishes, and shows what went wrong. Nothing of Node is in it. */
export async function main(url: string, print: (line: string) => void): Promise<Client> {
  // #region page
  const client = await connect(url, { name: 'page' });
  await client.subscribe('chat.*', { onMessage: (message) => print(message.text()) });
  client.publish('chat.hall', 'hello from the page');
  try {
    await client.publish('chat.hall', 'x'.repeat(2_000_000), { confirm: true });
  } catch (error) {
    if (error instanceof ProtocolError) print(`the broker refused: ${error.code}`);
    else if (error instanceof LeveretError) print(`the client refused: ${error.code}`);
    else throw error;
  }
  // #endregion page
  return client;
}
