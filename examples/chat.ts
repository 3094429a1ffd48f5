/**
 * A chat room with its page, both from one program. Open it in several tabs.
 *
 *     deno run -P examples/chat.ts [PORT]
 */
import { isWebSocket, makeServer, serve, type WebSocketDriver } from "@wsd/driver";

const guests = new Map<WebSocketDriver, string>();

function tell(event: Record<string, unknown>): void {
  const text = JSON.stringify({ ...event, guests: [...guests.values()] });
  for (const guest of guests.keys()) guest.send(text);
}

function join(request: Request): Response {
  const name = new URL(request.url).searchParams.get("name")?.trim().slice(0, 24) || "Somebody";
  const ws = makeServer(request, { maxLength: 4096, allowedOrigins: [new URL(request.url).origin] });
  ws.on("open", () => {
    guests.set(ws, name);
    tell({ type: "joined", name });
  });
  ws.on("message", (text) => tell({ type: "said", name, text: String(text) }));
  ws.on("close", () => {
    if (guests.delete(ws)) tell({ type: "left", name });
  });
  ws.startConnection();
  return ws.response;
}

const onListen = (addr: Deno.Addr) => console.log(`Open http://localhost:${(addr as Deno.NetAddr).port}/`);
serve({ port: Number(Deno.args[0] ?? 5000), onListen }, (request) => {
  if (isWebSocket(request)) return join(request);
  return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
});

const page = `<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title>
<style>
  :root { color-scheme: light dark; --line: light-dark(#e3e6ec, #2b303b); --soft: light-dark(#697386, #98a2b3);
    --page: light-dark(#f5f6f9, #14171d); --card: light-dark(#fff, #1c2028); --mine: light-dark(#3457d5, #4a6cf0) }
  * { box-sizing: border-box }
  body { margin: 0; height: 100dvh; display: grid; place-items: center; background: var(--page);
    font: 16px/1.45 system-ui, sans-serif }
  main { width: min(44rem, 100%); height: min(46rem, 100%); display: flex; flex-direction: column; overflow: hidden;
    background: var(--card); border: 1px solid var(--line); border-radius: 16px; box-shadow: 0 12px 40px #0001 }
  header { display: flex; align-items: center; gap: .6rem; padding: 1rem 1.25rem; border-bottom: 1px solid var(--line) }
  header b { flex: 1 }
  header i { width: .6rem; height: .6rem; border-radius: 50%; background: #d64545 }
  header i.on { background: #2fa36b }
  #who { color: var(--soft); font-size: .875rem }
  ol { flex: 1; margin: 0; padding: 1.25rem; overflow-y: auto; list-style: none; display: flex; flex-direction: column;
    gap: .75rem }
  li { display: flex; gap: .6rem; align-items: flex-end; max-width: 85% }
  li span { flex: none; width: 2rem; height: 2rem; border-radius: 50%; display: grid; place-items: center; color: #fff;
    font-size: .8rem; font-weight: 600; background: hsl(var(--hue) 55% 40%) }
  li p { margin: 0; padding: .5rem .9rem; border-radius: 16px 16px 16px 4px; background: var(--page);
    overflow-wrap: anywhere; white-space: pre-wrap }
  li small { display: block; font-weight: 600; color: light-dark(hsl(var(--hue) 60% 34%), hsl(var(--hue) 60% 72%)) }
  li.mine { align-self: flex-end; flex-direction: row-reverse }
  li.mine p { background: var(--mine); color: #fff; border-radius: 16px 16px 4px 16px }
  li.mine small, li.mine span { display: none }
  li.note { align-self: center; color: var(--soft); font-size: .8125rem }
  form { display: flex; gap: .6rem; padding: 1rem; border-top: 1px solid var(--line) }
  input { flex: 1; min-width: 0; padding: .7rem 1rem; font: inherit; border: 1px solid var(--line); border-radius: 999px;
    background: var(--page); color: inherit }
  button { padding: 0 1.3rem; font: inherit; font-weight: 600; color: #fff; background: var(--mine); border: 0;
    border-radius: 999px; cursor: pointer }
  :is(input, button):focus-visible { outline: 2px solid var(--mine); outline-offset: 2px }
</style>
<main>
  <header><i></i><b>Chat</b><span id="who">Nobody is here yet</span></header>
  <ol aria-live="polite"></ol>
  <form><input name="text" autocomplete="off" maxlength="1000" placeholder="Your name" aria-label="Message" autofocus>
    <button>Join</button></form>
</main>
<script type="module">
  const [light, who, list, form] = ["i", "#who", "ol", "form"].map((name) => document.querySelector(name));
  const hue = (name) => [...name].reduce((sum, letter) => sum * 67 + letter.codePointAt(0), 7) % 360;
  const element = (name, text, ...children) => {
    const made = document.createElement(name);
    made.append(text, ...children);
    return made;
  };
  let me = "", ws;

  function show({ type, name, text, guests }) {
    who.textContent = guests.join(", ");
    const line = element("li", "");
    line.style.setProperty("--hue", hue(name));
    line.className = type !== "said" ? "note" : name === me ? "mine" : "";
    if (type === "said") line.append(element("span", name[0].toUpperCase()), element("p", element("small", name), text));
    else line.append(name + (type === "joined" ? " has joined" : " has left"));
    list.append(line);
    list.scrollTop = list.scrollHeight;
  }

  function connect() {
    ws = new WebSocket("/?name=" + encodeURIComponent(me));
    ws.onopen = () => light.className = "on";
    ws.onmessage = ({ data }) => show(JSON.parse(data));
    ws.onclose = () => { light.className = ""; setTimeout(connect, 1000); };
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    const text = form.text.value.trim();
    form.reset();
    if (text === "") return;
    if (me !== "") return ws.send(text);
    me = text.slice(0, 24);
    form.text.placeholder = "Write something";
    form.querySelector("button").textContent = "Send";
    connect();
  };
</script>
</html>
`;
