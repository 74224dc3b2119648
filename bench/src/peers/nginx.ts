import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../process/free-port.ts";
import { openFilesMax } from "../process/open-files-max.ts";
import type { Peer, Probe } from "./peer.ts";

/** nginx as a plain reverse proxy with one worker: what a proxy in C costs. */
export const nginx: Peer = {
  name: "nginx",
  probe,
  prepare: async ({ upstreamPort, directory }) => {
    const port = await freePort();
    const openFiles = await openFilesMax();
    const file = join(directory, "nginx.conf");
    await writeFile(file, configuration({ port, upstreamPort, directory, openFiles }));
    return {
      origin: `http://127.0.0.1:${port}`,
      headers: {},
      command: { file: "nginx", args: ["-p", directory, "-c", file, "-e", "stderr"] },
      dispose: async () => {},
    };
  },
};

async function probe(): Promise<Probe> {
  try {
    const { stderr } = await promisify(execFile)("nginx", ["-v"]);
    return { available: true, version: /nginx\/(\S+)/.exec(stderr)?.[1] ?? "unknown" };
  } catch {
    return { available: false, reason: "nginx is not on the PATH" };
  }
}

interface Settings {
  readonly port: number;
  readonly upstreamPort: number;
  readonly directory: string;
  readonly openFiles: number;
}

/**
 * Pooled, unbuffered both ways, and connections live as long as those of the Node peers. It has
 * room for twice the connections that it may open files for: with less than a sixteenth of the
 * room left, nginx closes connections that have not sent a request yet.
 */
function configuration({ port, upstreamPort, directory, openFiles }: Settings): string {
  return `
daemon off;
worker_processes 1;
worker_rlimit_nofile ${openFiles};
pid ${directory}/nginx.pid;
error_log stderr crit;
events { worker_connections ${2 * openFiles}; }
http {
  access_log /dev/null;
  keepalive_timeout 75s;
  keepalive_requests 100000000;
  client_max_body_size 32m;
  client_body_buffer_size 1m;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  upstream provider {
    server 127.0.0.1:${upstreamPort};
    keepalive 512;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`;
}
