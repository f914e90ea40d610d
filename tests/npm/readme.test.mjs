// The README's first traces, as they stand there: each must arrive.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { callsOf, run, startCallwatch } from "./callwatch.mjs";
import { startProvider } from "./provider.mjs";

const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const samplesIn = (text) => new Map([...text.matchAll(/<!-- sample: (\S+) -->\n```\w+\n([\s\S]*?)```/g)].map(([, name, code]) => [name, code]));
const samples = samplesIn(read("README.md"));

let server, provider, folder;
before(async () => {
  [server, provider] = await Promise.all([startCallwatch(), startProvider()]);
  folder = mkdtempSync(join(tmpdir(), "callwatch-readme-"));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  provider?.close();
  await server?.stop();
});

function place(name, change = (code) => code, where = folder) {
  mkdirSync(where, { recursive: true });
  const path = join(where, name);
  writeFileSync(path, change(samples.get(name)));
  return path;
}

const environment = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none", OPENAI_API_KEY: "test", OPENAI_BASE_URL: provider.url + "/v1" });

async function arrives(app) {
  const [call] = await callsOf(server, app, 1);
  assert.equal(call.kind, "chat");
  assert.equal(call.request_model, "gpt-4o-mini");
  assert.equal(call.usage.input_tokens, 57);
  assert.equal(call.usage.output_tokens, 23);
  assert.ok(call.cost.total_usd > 0, "priced");
}

test("curl", async () => {
  await run("bash", [place("first-trace.sh", (code) => code.replaceAll("http://127.0.0.1:4318", server.url))], {}, folder);
  await arrives("first-trace-curl");
});

test("JavaScript", async () => {
  // Beside node_modules, where a user's program would be.
  const beside = join(import.meta.dirname, "node_modules", ".readme");
  await run(process.execPath, [place("first-trace.cjs", undefined, beside)], environment(), beside);
  await arrives("first-trace-js");
});

test("Python", async (t) => {
  const python = await run("python3", ["--version"], {}, folder).catch(() => null);
  if (python === null && process.env.CI !== "true") return t.skip("there is no python3");
  await run("python3", [place("first_trace.py")], environment(), folder);
  await arrives("first-trace-python");
});

test(".NET", async () => {
  // Only because the packages of native compilation, which a single file asks for, need not be there for a test.
  const path = place("first-trace.cs", (code) => "#:property PublishAot=false\n" + code);
  await run("dotnet", ["run", path], { ...environment(), OTEL_EXPORTER_OTLP_ENDPOINT: server.grpcUrl, DOTNET_NOLOGO: "1", MSBUILDDISABLENODEREUSE: "1" }, folder);
  await arrives("first-trace-dotnet");
});

test("the Chinese README has the same samples", () => assert.deepEqual(samplesIn(read("README.zh-CN.md")), samples));
