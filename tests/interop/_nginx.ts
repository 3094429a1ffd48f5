import type { Target } from "./_ours.ts";
import type { Files } from "./_peers.ts";

/** After how long nginx ends an idle connection below `/idle`, in seconds. */
export const IDLE_SECONDS = 1;

/** nginx in front of our server, with the lines that everybody writes. */
export class Nginx implements AsyncDisposable {
  readonly #folder: string;
  readonly target: Target;

  private constructor(folder: string, target: Target) {
    this.#folder = folder;
    this.target = target;
  }

  /** Starts it; the command returns when it listens. */
  static async start(upstream: string, files: Files): Promise<Nginx> {
    const folder = await Deno.makeTempDir({ prefix: "nginx" });
    const [plain, secure] = freePorts(2);
    await Deno.writeTextFile(`${folder}/nginx.conf`, configuration(new URL(upstream).host, plain, secure, files));
    await run(folder);
    return new Nginx(folder, { plain: `ws://localhost:${plain}`, secure: `wss://localhost:${secure}`, limits: {} });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(this.#folder, "-s", "stop");
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** nginx can't be told to take any port, so that two are taken and left for it. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

async function run(folder: string, ...args: string[]): Promise<void> {
  const path = await Deno.stat("/usr/sbin/nginx").then(() => "/usr/sbin/nginx", () => "nginx");
  const all = ["-p", folder, "-c", "nginx.conf", "-e", "error.log", ...args];
  const { success, stderr } = await new Deno.Command(path, { args: all, stdout: "null", stderr: "piped" }).output();
  if (!success) throw new Error(`nginx failed: ${new TextDecoder().decode(stderr)}`);
}

function configuration(upstream: string, plain: number, secure: number, { cert, key }: Files): string {
  return `
worker_processes 1;
pid nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;

  map $http_upgrade $connection_upgrade {
    default upgrade;
    ''      close;
  }

  server {
    listen 127.0.0.1:${plain};
    listen 127.0.0.1:${secure} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};

    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;

    location / { proxy_pass http://${upstream}; }
    location /idle/ {
      proxy_pass http://${upstream};
      proxy_read_timeout ${IDLE_SECONDS}s;
    }
  }
}
`;
}
