/**
 * Proxies that others have written, started on a port of their own.
 *
 * @module
 */
import { makeCertificate } from "../support/certificate.ts";

/** What the proxies that want credentials take. */
export const USER = "alice";
export const PASSWORD = "w0nderland";
/** The two as they stand in a URL, a letter of each as an octet. */
export const CREDENTIALS = "al%69ce:w0nder%6Cand";

/** A proxy that runs. */
export interface RunningProxy extends AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly port: number;
  /** Certificates to trust, for one that speaks TLS. */
  readonly caCerts: string[];
  /** What it has printed so far. */
  log(): string;
}

/** How a proxy is started. */
interface Launch {
  /** The program, and where it may be. */
  readonly paths: readonly string[];
  /** Writes its files, and gives its arguments. */
  prepare(folder: string, port: number): Promise<string[]>;
}

/** The proxies: a name for tests, and how to start each. */
const LAUNCHES = {
  "tinyproxy": {
    paths: ["/usr/bin/tinyproxy"],
    prepare: (folder, port) => tinyproxy(folder, port, ""),
  },
  "tinyproxy with a password": {
    paths: ["/usr/bin/tinyproxy"],
    prepare: (folder, port) => tinyproxy(folder, port, `BasicAuth ${USER} ${PASSWORD}`),
  },
  "squid": {
    paths: ["/usr/sbin/squid"],
    prepare: (folder, port) => squid(folder, `http_port 127.0.0.1:${port}`, "http_access allow all"),
  },
  "squid with a password": {
    paths: ["/usr/sbin/squid"],
    prepare: (folder, port) => squid(folder, `http_port 127.0.0.1:${port}`, withPassword(folder)),
  },
  "squid with TLS and a password": {
    paths: ["/usr/sbin/squid"],
    prepare: (folder, port) =>
      squid(
        folder,
        `https_port 127.0.0.1:${port} tls-cert=${folder}/cert.pem tls-key=${folder}/key.pem`,
        withPassword(folder),
      ),
  },
  "microsocks": {
    paths: ["/usr/bin/microsocks"],
    prepare: (_, port) => Promise.resolve(["-i", "127.0.0.1", "-p", `${port}`]),
  },
  "microsocks with a password": {
    paths: ["/usr/bin/microsocks"],
    prepare: (_, port) => Promise.resolve(["-i", "127.0.0.1", "-p", `${port}`, "-u", USER, "-P", PASSWORD]),
  },
  "dante": {
    paths: ["/usr/sbin/danted"],
    prepare: (folder, port) => dante(folder, port, "none"),
  },
  "dante with a password": {
    paths: ["/usr/sbin/danted"],
    prepare: (folder, port) => dante(folder, port, "username"),
  },
} satisfies Record<string, Launch>;

/** The name of a proxy. */
export type ProxyProgram = keyof typeof LAUNCHES;

/** Whether the program is installed. */
export function isInstalled(name: ProxyProgram): boolean {
  return LAUNCHES[name].paths.some((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Starts a proxy, and waits until it listens. */
export async function startProxy(name: ProxyProgram): Promise<RunningProxy> {
  const { paths, prepare }: Launch = LAUNCHES[name];
  const folder = await Deno.makeTempDir({ prefix: "proxy" });
  // Squid gives up root, and then reads its files as somebody else.
  await Deno.chmod(folder, 0o755);
  await Deno.mkdir(`${folder}/logs`);
  await Deno.chmod(`${folder}/logs`, 0o777);
  const port = freePort();
  const { cert, key, ca } = await makeCertificate({ hostnames: ["127.0.0.1", "localhost"] });
  await Deno.writeTextFile(`${folder}/cert.pem`, cert);
  await Deno.writeTextFile(`${folder}/key.pem`, key);
  const args = await prepare(folder, port);
  const child = new Deno.Command(paths[0], { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  let printed = "";
  const gather = (stream: ReadableStream<Uint8Array>) =>
    stream.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write: (text) => void (printed += text) }));
  const gathering = [gather(child.stdout), gather(child.stderr)];
  let ended = false;
  child.status.then(() => ended = true);
  while (!await listens(port)) if (ended) throw new Error(`${name} has ended: ${printed}`);
  return {
    port,
    caCerts: [ca],
    log: () => printed + written(folder),
    async [Symbol.asyncDispose]() {
      // Squid takes two seconds to end by itself.
      child.kill(name.startsWith("squid") ? "SIGKILL" : "SIGTERM");
      await child.status;
      await Promise.all(gathering);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** What it has written into files, as far as it has any. */
function written(folder: string): string {
  return [...Deno.readDirSync(`${folder}/logs`)].map(({ name }) => Deno.readTextFileSync(`${folder}/logs/${name}`))
    .join("");
}

/** None of them can be told to take any port, so that one is taken and left for it. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

async function tinyproxy(folder: string, port: number, more: string): Promise<string[]> {
  await Deno.writeTextFile(`${folder}/conf`, `Port ${port}\nListen 127.0.0.1\nTimeout 60\nLogLevel Connect\n${more}\n`);
  return ["-d", "-c", `${folder}/conf`];
}

async function squid(folder: string, port: string, access: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("openssl", { args: ["passwd", "-apr1", PASSWORD] }).output();
  await Deno.writeTextFile(`${folder}/users`, `${USER}:${new TextDecoder().decode(stdout)}`);
  const lines = [
    port,
    access,
    "cache deny all",
    `access_log stdio:${folder}/logs/access`,
    `cache_log ${folder}/logs/cache`,
    "pid_filename none",
    "pinger_enable off",
    `coredump_dir ${folder}`,
    "shutdown_lifetime 0 seconds",
  ];
  await Deno.writeTextFile(`${folder}/conf`, lines.join("\n") + "\n");
  return ["-N", "-f", `${folder}/conf`];
}

function withPassword(folder: string): string {
  return [
    `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${folder}/users`,
    "auth_param basic children 1",
    "acl known proxy_auth REQUIRED",
    "http_access allow known",
    "http_access deny all",
  ].join("\n");
}

async function dante(folder: string, port: number, method: string): Promise<string[]> {
  const lines = [
    "logoutput: stderr",
    `internal: 127.0.0.1 port = ${port}`,
    "external: 127.0.0.1",
    "clientmethod: none",
    `socksmethod: ${method}`,
    "user.notprivileged: nobody",
    "client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }",
    "socks pass { from: 127.0.0.0/8 to: 127.0.0.0/8 log: connect }",
    "socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 log: connect }",
  ];
  await Deno.writeTextFile(`${folder}/conf`, lines.join("\n") + "\n");
  return ["-f", `${folder}/conf`];
}
