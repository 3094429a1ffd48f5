// Which proxy is meant: by the option, and by the environment.
import { assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { type ClientOptions, makeClient } from "../../client.ts";
import { bypassesProxy } from "../../src/client/proxy/no_proxy.ts";
import { parseProxy } from "../../src/client/proxy/proxy.ts";
import { proxyFromEnvironment } from "../../src/client/proxy/proxy_environment.ts";

const PROXIES: readonly (readonly [url: string, name: string, hostname: string, port: number])[] = [
  ["http://proxy.example:3128", "http://proxy.example:3128", "proxy.example", 3128],
  ["http://proxy.example/", "http://proxy.example", "proxy.example", 80],
  ["http://proxy.example:80", "http://proxy.example", "proxy.example", 80],
  ["https://proxy.example", "https://proxy.example", "proxy.example", 443],
  ["socks5://proxy.example", "socks5://proxy.example", "proxy.example", 1080],
  ["socks5h://proxy.example:80", "socks5h://proxy.example:80", "proxy.example", 80],
  ["socks5://PROXY.Example:1", "socks5://PROXY.Example:1", "proxy.example", 1],
  ["http://[::1]:3128", "http://[::1]:3128", "::1", 3128],
  ["socks5://[0:0::1]:3128", "socks5://[::1]:3128", "::1", 3128],
  ["http://alice:secret@proxy.example:1", "http://proxy.example:1", "proxy.example", 1],
];

for (const [url, name, hostname, port] of PROXIES) {
  Deno.test(`parseProxy() reads ${url}`, () => {
    const proxy = parseProxy(url);
    assertEquals([proxy.name, proxy.hostname, proxy.port], [name, hostname, port]);
  });
}

Deno.test("parseProxy() turns credentials into bytes for SOCKS, and into Proxy-Authorization for HTTP", () => {
  const { credentials } = parseProxy("socks5://a%40b:p%C3%BC%ff@h");
  assertEquals([credentials?.username.toHex(), credentials?.password.toHex()], ["614062", "70c3bcff"]);
  assertEquals(parseProxy("http://a:b@h").fields, [["Proxy-Authorization", "Basic YTpi"]]);
  assertEquals(parseProxy({ url: "http://a:b@h", authorization: "Bearer t" }).fields, [
    ["Proxy-Authorization", "Bearer t"],
  ]);
  const headers = { "X-A": "1", "Proxy-Authorization": "Bearer u" };
  assertEquals(parseProxy({ url: "http://h", headers }).fields, [["proxy-authorization", "Bearer u"], ["x-a", "1"]]);
});

const WRONG: readonly (readonly [option: unknown, says: string])[] = [
  ["proxy.example:3128", "expected a URL such as http://proxy.example.com:3128"],
  ["alice:s3cret@proxy.example:3128", "expected a URL such as"],
  ["http://alice:s3cret@", "not shown"],
  ["http://alice:s3cret@h:99999", "not shown"],
  ["ftp://alice:s3cret@h", "received ftp:"],
  ["socks4://alice:s3cret@h", "received socks4:"],
  ["ws://alice:s3cret@h", "received ws:"],
  ["http://alice:s3cret@h/path", "received one with a path"],
  ["http://alice:s3cret@h?query", "received one with a path"],
  ["", "such as http://"],
  ["environment", "such as http://"],
  [5, "the options must be an object, received a number"],
  [true, "the options must be an object, received a boolean"],
  [["http://h"], "the options must be an object, received an array"],
  [{}, "received a value of type undefined"],
  [{ url: null }, "received null"],
  [{ url: "http://h", auth: "s3cret" }, 'unknown option "auth"'],
  [{ url: "http://h", header: {} }, 'did you mean "headers"?'],
  [{ url: "http://h", authorization: "s3cret\r\nX: y" }, "not shown, as it is secret"],
  [{ url: "http://h", authorization: 5 }, "authorization must be a header's value"],
  [{ url: "http://h", headers: { host: "other" } }, "the header host can't be given"],
  [{ url: "http://h", headers: { "transfer-encoding": "chunked" } }, "the header transfer-encoding can't be given"],
  [{ url: "http://h", caCerts: ["pem"] }, "caCerts is for an https: proxy"],
  [{ url: "https://h", caCerts: "pem" }, "caCerts must be an array of strings"],
  [{ url: "socks5://h", authorization: "s3cret" }, "SOCKS has no header fields"],
  [{ url: "socks5://h", headers: {} }, "SOCKS has no header fields"],
];

for (const [option, says] of WRONG) {
  Deno.test(`makeClient() refuses the proxy ${JSON.stringify(option)}`, () => {
    const options = { proxy: option } as ClientOptions;
    const { message } = assertThrows(() => makeClient("ws://localhost/", options), TypeError);
    assertStringIncludes(message, says);
    assertFalse(message.includes("s3cret"));
  });
}

/** Finds a proxy in an environment that is an object, and says which variables were read. */
function found(url: string, variables: Record<string, string>): string | null {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === "wss:";
  const server = { secure, hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || (secure ? 443 : 80)) };
  return proxyFromEnvironment(server, (name) => variables[name])?.name ?? null;
}

const ENVIRONMENTS: readonly (readonly [url: string, variables: Record<string, string>, proxy: string | null])[] = [
  ["wss://a.example/", {}, null],
  ["wss://a.example/", { wss_proxy: "http://a:1", all_proxy: "http://b:1", https_proxy: "http://c:1" }, "http://a:1"],
  ["wss://a.example/", { all_proxy: "http://b:1", https_proxy: "http://c:1" }, "http://b:1"],
  ["wss://a.example/", { https_proxy: "http://c:1", http_proxy: "http://d:1" }, "http://c:1"],
  ["wss://a.example/", { http_proxy: "http://d:1", ws_proxy: "http://e:1" }, null],
  ["ws://a.example/", { ws_proxy: "http://a:1", wss_proxy: "http://b:1" }, "http://a:1"],
  ["ws://a.example/", { wss_proxy: "http://b:1" }, null],
  ["ws://a.example/", { http_proxy: "http://d:1", https_proxy: "http://c:1" }, "http://c:1"],
  ["ws://a.example/", { http_proxy: "http://d:1" }, "http://d:1"],
  ["wss://a.example/", { WSS_PROXY: "http://a:1", wss_proxy: "http://b:1" }, "http://b:1"],
  ["wss://a.example/", { WSS_PROXY: "http://a:1", all_proxy: "http://b:1" }, "http://a:1"],
  ["wss://a.example/", { wss_proxy: "", https_proxy: " http://c:1 " }, "http://c:1"],
  ["wss://a.example/", { https_proxy: "proxy.example:3128" }, "http://proxy.example:3128"],
  ["wss://a.example/", { https_proxy: "alice:secret@proxy.example:3128" }, "http://proxy.example:3128"],
  ["wss://a.example/", { all_proxy: "socks5h://s:1080/" }, "socks5h://s:1080"],
  // CVE-2016-5385: in a CGI program, HTTP_PROXY is what the one who asks has sent.
  ["ws://a.example/", { HTTP_PROXY: "http://a:1" }, "http://a:1"],
  ["ws://a.example/", { HTTP_PROXY: "http://a:1", REQUEST_METHOD: "GET" }, null],
  ["wss://a.example/", { https_proxy: "http://c:1", no_proxy: "example" }, null],
  ["wss://a.example/", { https_proxy: "http://c:1", NO_PROXY: "*" }, null],
  ["wss://a.example/", { https_proxy: "http://c:1", no_proxy: "b.example", NO_PROXY: "*" }, "http://c:1"],
  ["wss://localhost/", { https_proxy: "http://c:1" }, null],
  ["wss://[::1]/", { https_proxy: "http://c:1" }, null],
];

for (const [url, variables, proxy] of ENVIRONMENTS) {
  Deno.test(`proxy "env" for ${url} by ${JSON.stringify(variables)} is ${proxy}`, () => {
    assertEquals(found(url, variables), proxy);
  });
}

Deno.test('proxy "env" names the variable that is invalid, but not its value', () => {
  for (const value of ["ftp://alice:s3cret@h", "http://alice:s3cret@h/path", "http://alice:s3cret@"]) {
    const { message } = assertThrows(() => found("wss://a.example/", { HTTPS_PROXY: value }), TypeError);
    assertStringIncludes(message, "in the environment's HTTPS_PROXY");
    assertFalse(message.includes("s3cret"));
  }
});

const BYPASSES: readonly (readonly [list: string, server: string, bypassed: boolean])[] = [
  ["", "a.example:443", false],
  ["*", "a.example:443", true],
  ["a.example", "a.example:443", true],
  ["a.example", "b.a.example:443", true],
  ["a.example", "ba.example:443", false],
  ["a.example", "example:443", false],
  [".a.example", "a.example:443", true],
  [".a.example", "b.a.example:443", true],
  ["*.a.example", "b.a.example:443", true],
  ["A.Example", "a.eXample:443", true],
  ["a.example.", "a.example:443", true],
  ["a.example", "a.example.:443", true],
  ["a.example:443", "a.example:443", true],
  ["a.example:80", "a.example:443", false],
  [".a.example:443", "b.a.example:443", true],
  ["x, a.example ,y", "a.example:443", true],
  ["x a.example\ty", "a.example:443", true],
  [",,", "a.example:443", false],
  [".", "a.example:443", false],
  ["10.0.0.0/8", "10.1.2.3:443", true],
  ["10.0.0.0/8", "11.1.2.3:443", false],
  ["10.0.0.0/8", "10.example:443", false],
  ["10.0.0.0/99", "10.1.2.3:443", false],
  ["10.0.0.0/", "10.1.2.3:443", false],
  ["10.0.0.0/x", "10.1.2.3:443", false],
  ["192.0.2.7", "192.0.2.7:443", true],
  ["192.0.2.7", "192.0.2.8:443", false],
  ["192.0.2.7:443", "192.0.2.7:443", true],
  ["192.0.2.7:80", "192.0.2.7:443", false],
  ["0.2.7", "192.0.2.7:443", false],
  ["2001:db8::/32", "2001:db8:1::1:443", true],
  ["2001:db8::/32", "2001:db9:1::1:443", false],
  ["2001:db8:0:0::1", "2001:db8::1:443", true],
  ["[2001:db8::1]:443", "2001:db8::1:443", true],
  ["[2001:db8::1]:80", "2001:db8::1:443", false],
  ["[2001:db8::1]", "2001:db8::1:443", true],
  ["", "127.0.0.1:443", true],
  ["", "127.9.9.9:443", true],
  ["", "128.0.0.1:443", false],
  ["", "::1:443", true],
  ["", "localhost:443", true],
  ["", "LocalHost.:443", true],
  ["", "db.localhost:443", true],
  ["", "notlocalhost:443", false],
];

for (const [list, server, bypassed] of BYPASSES) {
  Deno.test(`no_proxy ${JSON.stringify(list)} ${bypassed ? "covers" : "doesn't cover"} ${server}`, () => {
    const at = server.lastIndexOf(":");
    assertEquals(bypassesProxy(list, server.slice(0, at), Number(server.slice(at + 1))), bypassed);
  });
}
