"""A server of Python's websockets: python3 python_server.py FOLDER_OF_MODULES CERT KEY"""

import asyncio
import collections
import json
import ssl
import sys
from urllib.parse import parse_qs, urlsplit

import websockets

_, _, CERT, KEY = sys.argv

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
ends = collections.defaultdict(loop.create_future)


async def fragments():
    for part in ["In ", "four ", "", "fragments ✓"]:
        yield part


async def handle(ws):
    url = urlsplit(ws.path)
    query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    if url.path == "/request":
        headers = ws.request_headers
        await ws.send(json.dumps({"x-test": headers.get("x-test"), "cookie": headers.get("cookie")}))
    elif url.path == "/close":
        await ws.close(int(query["code"]), query["reason"])
    elif url.path == "/ping":
        await (await ws.ping("Are you there?"))
        await ws.send("ponged")
    elif url.path == "/fragments":
        await ws.send(fragments())
    elif url.path == "/closed":
        await ws.send(json.dumps(await ends[query["id"]]))
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass
    await ws.wait_closed()
    if url.path == "/" and "id" in query:
        ends[query["id"]].set_result({"code": ws.close_code, "reason": ws.close_reason})


def serve(context=None):
    return websockets.serve(
        handle,
        "127.0.0.1",
        0,
        ssl=context,
        subprotocols=["chat"],
        extra_headers={"X-Reply": "yes", "Set-Cookie": "visit=first"},
        max_size=None,
    )


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)
    async with serve() as plain, serve(context) as secure:
        ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
        urls = {"plain": f"ws://localhost:{ports[0]}", "secure": f"wss://localhost:{ports[1]}"}
        print(json.dumps(urls), flush=True)
        await asyncio.Future()


loop.run_until_complete(main())
