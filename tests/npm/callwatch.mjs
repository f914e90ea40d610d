// Starts the built server on free ports and a folder of its own, and asks its API.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const built = (configuration) => fileURLToPath(new URL(`../../src/Callwatch.Cli/bin/${configuration}/net10.0/callwatch`, import.meta.url));
export const executable = process.env.CALLWATCH ?? built("Release");

export async function startCallwatch() {
  const folder = mkdtempSync(join(tmpdir(), "callwatch-npm-"));
  const server = spawn(executable, ["serve", "--data", folder, "--urls", "http://127.0.0.1:0", "--grpc-port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
    // As much time as may be, for machines with much else to do.
    env: { ...process.env, Callwatch__Query__PageTime: "00:00:02", Callwatch__Http__DrainTime: "00:00:09" },
  });
  let output = "", errors = "";
  server.stderr.on("data", (part) => (errors += part));
  await new Promise((ready, failed) => {
    server.stdout.on("data", (part) => {
      output += part;
      if (output.includes("\nReady.")) ready();
    });
    server.on("exit", (code) => failed(new Error(`callwatch ended with ${code}: ${errors}`)));
  });
  const printed = (label) => output.split("\n").find((line) => line.startsWith(label)).split(/\s+/)[1];
  return {
    url: printed("OTLP/HTTP"),
    grpcUrl: printed("OTLP/gRPC"),
    adminKey: readFileSync(join(folder, "admin.key"), "utf8").trim(),
    async stop() {
      const ended = new Promise((done) => server.on("close", done));
      server.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
      if (server.exitCode !== 0 || errors !== "") throw new Error(`callwatch ended with ${server.exitCode}: ${errors}`);
    },
  };
}

export async function get(server, path) {
  const response = await fetch(server.url + path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

// What a look gives, once it throws no more: what is stored becomes visible within moments, on a machine with much to do a little later.
export async function eventually(look, patience = 300_000) {
  const begun = Date.now();
  for (let looks = 1; ; looks++) {
    try {
      return await look();
    } catch (failure) {
      if (looks > 100 && Date.now() - begun > patience) throw failure;
    }

    await new Promise((again) => setTimeout(again, 50));
  }
}

// The calls of one app, once there are as many as expected.
export const callsOf = (server, app, count) => eventually(async () => {
  const { items } = await get(server, `/api/v1/calls?app=${encodeURIComponent(app)}`);
  if (items.length < count) throw new Error(`${app}: ${items.length} of ${count} calls`);
  return items;
});

// Clients that give up on a slow machine tell nothing about the server.
export const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: "300000", OTEL_BSP_EXPORT_TIMEOUT: "300000", LANGFUSE_TIMEOUT: "300" };

// Runs a program to its end, with the addresses in its environment.
export function run(program, args, environment, cwd) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...patient, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (part) => (output += part));
    child.stderr.on("data", (part) => (output += part));
    child.on("error", failed);
    child.on("close", (code) => (code === 0 ? done(output) : failed(new Error(`${args.join(" ")} ended with ${code}: ${output}`))));
  });
}
