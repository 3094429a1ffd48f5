"""A client of Python's websockets for the example of a gateway: python3 examples_python.py URL"""
import asyncio
import json
import sys

import websockets


async def main():
    async with websockets.connect(sys.argv[1], subprotocols=["other", "chat"]) as ws:
        await ws.send("Hi")
        text = await ws.recv()
        await ws.send(bytes(range(256)) * 4_000)
        data = await ws.recv()
        await ws.send("bye")
        try:
            await ws.recv()
        except websockets.ConnectionClosed:
            pass
        print(json.dumps([ws.subprotocol, text, len(data), ws.close_code, ws.close_reason]))


asyncio.run(main())
