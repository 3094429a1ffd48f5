"""Echoes with Python's websockets: `server OPTIONS...` or `client PORT OPTIONS...`, the options of a connection as JSON.

A server prints a line with its port for each of the options, and ends with its standard input. A client ends when all of
its connections have.
"""

import asyncio
import json
import sys

from websockets.client import connect
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.server import serve

MAX_SIZE = 2**21


async def echo(websocket, _path=None):
    async for message in websocket:
        await websocket.send(message)


async def run_servers(every):
    servers = []
    for options in every:
        extensions = [ServerPerMessageDeflateFactory(**options)]
        server = await serve(
            echo, "127.0.0.1", 0, extensions=extensions, compression=None, max_size=MAX_SIZE
        )
        servers.append(server)
        print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()
        await server.wait_closed()


async def run_client(port, index, options):
    options = {"client_max_window_bits": True, **options}
    extensions = [ClientPerMessageDeflateFactory(**options)]
    uri = f"ws://127.0.0.1:{port}/{index}"
    async with connect(uri, extensions=extensions, compression=None, max_size=MAX_SIZE) as websocket:
        await echo(websocket)


async def run_clients(port, every):
    for index, options in enumerate(every):
        await run_client(port, index, options)


role, *arguments = sys.argv[1:]
if role == "server":
    asyncio.run(run_servers([json.loads(options) for options in arguments]))
else:
    asyncio.run(run_clients(int(arguments[0]), [json.loads(options) for options in arguments[1:]]))
