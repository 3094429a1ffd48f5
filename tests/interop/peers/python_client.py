"""A client of Python's websockets: python3 python_client.py URLS_AS_JSON CA"""

import asyncio
import json
import ssl
import sys
import urllib.parse
import uuid

import websockets

URLS = json.loads(sys.argv[1])
CONTEXT = ssl.create_default_context(cafile=sys.argv[2])


def pattern(length):
    return bytes((i * 7 + (i >> 8)) & 0xFF for i in range(length))


def connect(path, base="plain", **options):
    tls = {"ssl": CONTEXT} if base == "secure" else {}
    return websockets.connect(URLS[base] + path, max_size=None, **{"compression": None, **tls, **options})


async def echo(ws, message):
    await ws.send(message)
    answer = await ws.recv()
    assert answer == message, f"Received another message of length {len(answer)}"


async def text(base="plain"):
    async with connect("/", base) as ws:
        for message in ["Hi", "", "Grüße, 世界 👋", "\0"]:
            await echo(ws, message)


async def binary():
    async with connect("/") as ws:
        for length in [1, 0, 125, 126, 65535, 65536]:
            await echo(ws, pattern(length))


async def large():
    async with connect("/") as ws:
        await echo(ws, pattern(3_000_000))
        await echo(ws, "äöü" * 300_000)


async def fragments():
    for part in ["In ", "four ", "", "fragments ✓"]:
        yield part


async def fragments_sent():
    async with connect("/") as ws:
        await ws.send(fragments())
        assert await ws.recv() == "In four fragments ✓"


async def fragments_received():
    async with connect("/fragments") as ws:
        assert await ws.recv() == "In four fragments ✓"
        await echo(ws, "And whole")


async def subprotocol():
    async with connect("/", subprotocols=["other", "chat"]) as ws:
        assert ws.subprotocol == "chat", ws.subprotocol
    async with connect("/") as ws:
        assert ws.subprotocol is None, ws.subprotocol


async def headers():
    async with connect("/request", extra_headers={"X-Test": "one, two"}) as ws:
        assert json.loads(await ws.recv())["x-test"] == "one, two"
        assert ws.response_headers["x-reply"] == "yes"


async def cookies():
    async with connect("/request", extra_headers={"Cookie": "visit=first"}) as ws:
        assert json.loads(await ws.recv())["cookie"] == "visit=first"


async def ping_sent():
    async with connect("/") as ws:
        await (await ws.ping("Are you there?"))
        await echo(ws, "Still here")


async def ping_answered():
    async with connect("/ping") as ws:
        assert await ws.recv() == "ponged"


async def close_by_client():
    for code, reason in [(1000, ""), (3000, "registered"), (4999, "Tschüß")]:
        name = uuid.uuid4()
        ws = await connect(f"/?id={name}")
        await ws.close(code, reason)
        assert ws.close_code == code, ws.close_code
        async with connect(f"/closed?id={name}") as witness:
            end = json.loads(await witness.recv())
            assert end == {"code": code, "reason": reason}, end


async def close_by_server():
    for code, reason in [(1000, ""), (1001, "going away"), (1011, "oops"), (4002, "bis später")]:
        ws = await connect(f"/close?code={code}&reason={urllib.parse.quote(reason)}")
        await ws.wait_closed()
        assert (ws.close_code, ws.close_reason) == (code, reason), (ws.close_code, ws.close_reason)


async def compression():
    async with connect("/", compression="deflate") as ws:
        agreed = ws.response_headers.get("Sec-WebSocket-Extensions", "")
        assert "permessage-deflate" in agreed, f"Agreed on no permessage-deflate: {agreed}"
        for message in ["Hi", "Hi", "a" * 100_000, "äöü" * 10_000, ""]:
            await echo(ws, message)
        for length in [0, 1, 1000, 300_000]:
            await echo(ws, pattern(length))


CHECKS = {
    "text": text,
    "binary": binary,
    "large": large,
    "fragments sent": fragments_sent,
    "fragments received": fragments_received,
    "subprotocol": subprotocol,
    "headers": headers,
    "cookies": cookies,
    "ping sent": ping_sent,
    "ping answered": ping_answered,
    "close by client": close_by_client,
    "close by server": close_by_server,
    "compression": compression,
    "TLS": lambda: text("secure"),
}


async def main():
    results = {}
    for name, check in CHECKS.items():
        if name in URLS["limits"]:
            results[name] = {"limit": URLS["limits"][name]}
            continue
        try:
            await asyncio.wait_for(check(), 20)
            results[name] = "ok"
        except Exception as error:
            results[name] = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(results))


asyncio.run(main())
