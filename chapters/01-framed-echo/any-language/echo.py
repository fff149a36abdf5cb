"""An echo server for chapter 1 in Python: the same frames, the same refusals.

    python3 chapters/01-framed-echo/any-language/echo.py 9000
    npm run check 1 -- --port 9000

A frame is u32 size (big-endian), u8 type, body; the size counts the type and the body.
"""

import asyncio
import sys

HEADER_SIZE = 4
LIMIT = 1_048_576


class FrameError(Exception):
    """The bytes are not frames: nobody knows where the next one begins."""


def check_size(size: int) -> None:
    """Refuses a size as soon as it is known, before anything is allocated for it."""
    if size < 1:
        raise FrameError("BAD_FRAME: a frame has a size of at least 1, its type")
    if size > LIMIT:
        raise FrameError(f"TOO_LARGE: a frame of {size} bytes is above the limit of {LIMIT}")


def encode_frame(kind: int, body: bytes) -> bytes:
    """One frame as bytes."""
    return (1 + len(body)).to_bytes(HEADER_SIZE, "big") + bytes([kind]) + body


async def read_frame(reader: asyncio.StreamReader) -> "tuple[int, bytes] | None":
    """The next frame; None when the client has ended between two frames."""
    try:
        header = await reader.readexactly(HEADER_SIZE)
    except asyncio.IncompleteReadError as error:
        if error.partial == b"":
            return None
        raise FrameError("TRUNCATED: the stream ended inside a size") from error
    size = int.from_bytes(header, "big")
    check_size(size)
    try:
        # However the network cuts the bytes, this waits until all of them are here.
        frame = await reader.readexactly(size)
    except asyncio.IncompleteReadError as error:
        raise FrameError("TRUNCATED: the stream ended inside a frame") from error
    return frame[0], frame[1:]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves one client until it ends, or until its bytes are no frames."""
    try:
        while (frame := await read_frame(reader)) is not None:
            writer.write(encode_frame(*frame))
            # Backpressure: who does not read echoes is not read from.
            await writer.drain()
    except FrameError as error:
        print(error, file=sys.stderr)
    except ConnectionError:
        pass  # The client has gone; the others go on.
    finally:
        # What was written still goes out.
        writer.close()


async def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    server = await asyncio.start_server(echo, "127.0.0.1", port)
    print(f"listening on 127.0.0.1 port {port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
