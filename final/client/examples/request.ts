import { connect, LeveretError } from 'leveret/client';

/** Asking and answering. */
export async function main(url: string, print: (line: string) => void): Promise<void> {
  await using client = await connect(url);

  // #region respond
  await client.respond(
    'double',
    (request) => {
      const number = Number(request.text());
      if (Number.isNaN(number)) throw new Error(`${request.text()} is no number`);
      return String(number * 2);
    },
    { group: 'doublers' },
  );
  // #endregion respond

  // #region request
  const reply = await client.request('double', '21', { timeout: 1_000 });
  print(reply.text());
  // #endregion request

  // #region errors
  try {
    await client.request('double', 'cheese');
  } catch (error) {
    if (!(error instanceof LeveretError)) throw error;
    print(`${error.code}: ${error.message}`);
  }
  // #endregion errors
}
