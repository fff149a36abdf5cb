/** A terminal for the stage of this chapter: sends each line you type as a frame, and prints the answer. */
import { createInterface } from 'node:readline';
import { LeveretError } from '#framing';
import { FrameClient } from '#framing/net';
import { TEXT_FRAME } from '#topics/server';

const [port = '7402', host = '127.0.0.1'] = process.argv.slice(2);
try {
  const client = await FrameClient.connect({ host, port: Number(port) });
  console.log('connected; "help" lists the commands, Ctrl-D ends');
  for await (const line of createInterface({ input: process.stdin })) {
    await client.send(TEXT_FRAME, Buffer.from(line));
    console.log((await client.receive()).body.toString());
  }
  await client.close();
} catch (error) {
  if (!(error instanceof LeveretError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
