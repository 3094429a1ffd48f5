"""Echoes with Python's websockets on many connections at once: `PORT OPTIONS...`, the options of each as JSON.

Ends when the server has closed all of them.
"""

import asyncio
import json
import sys

from websockets.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory


async def run(port, index, options):
    options = {"client_max_window_bits": True, **options}
    extensions = [ClientPerMessageDeflateFactory(**options)]
    uri = f"ws://127.0.0.1:{port}/{index}"
    async with connect(uri, extensions=extensions, compression=None, max_size=2**21) as websocket:
        async for message in websocket:
            await websocket.send(message)


async def main(port, every):
    await asyncio.gather(*(run(port, index, options) for index, options in enumerate(every)))


asyncio.run(main(int(sys.argv[1]), [json.loads(options) for options in sys.argv[2:]]))
