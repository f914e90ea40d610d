// Official client libraries, as their users set them up, pointed at a running server: their calls must be there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LangfuseClient } from "@langfuse/client";
import { callsOf, eventually, get, run, startCallwatch } from "./callwatch.mjs";
import { answer, startProvider } from "./provider.mjs";

let server, provider;
before(async () => [server, provider] = await Promise.all([startCallwatch(), startProvider()]));
after(async () => {
  provider?.close();
  await server?.stop();
});

const sdk = (file, environment) => run(process.execPath, [`sdks/${file}`], {
  OTEL_SERVICE_NAME: file.split(".")[0],
  OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
  OTEL_METRICS_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  PROVIDER: provider.url,
  CALLWATCH_TEST_URL: server.url,
  CALLWATCH_TEST_KEY: server.adminKey,
  ...environment,
}, import.meta.dirname);

function assertChat(call) {
  assert.equal(call.kind, "chat");
  assert.equal(call.outcome, "success");
  assert.match(call.model, /^gpt-4o-mini/);
  assert.equal(call.usage.input_tokens, 57);
  assert.equal(call.usage.output_tokens, 23);
  assert.ok(call.cost.total_usd > 0, "priced");
  assert.ok(call.duration_ms > 0);
}

test("@opentelemetry/instrumentation-openai over HTTP with protobuf", async () => {
  await sdk("otel-openai.cjs");
  const calls = await callsOf(server, "otel-openai", 4);
  assert.equal(calls.length, 4);
  const [busy, embedding, streamed, chat] = calls;
  assertChat(chat);
  assertChat(streamed);
  assert.equal(chat.temperature, 0.2);
  assert.equal(embedding.kind, "embedding");
  assert.equal(embedding.usage.input_tokens, 9);
  assert.equal(busy.outcome, "error");
  assert.equal(busy.error.group, "rate_limit");
});

test("@arizeai/openinference-instrumentation-openai over gRPC", async () => {
  await sdk("openinference.mjs", { OTEL_EXPORTER_OTLP_ENDPOINT: server.grpcUrl });
  const [call] = await callsOf(server, "openinference", 1);
  assertChat(call);
  assert.equal(call.output_preview, answer);
  const span = await eventually(() => get(server, `/api/v1/spans/${call.trace_id}/${call.span_id}`));
  assert.equal(span.messages.input[0].parts[0].text, "Does this arrive?");
});

test("ai (Vercel AI SDK) over HTTP with JSON and gzip", async () => {
  await sdk("vercel-ai.mjs");
  const calls = await callsOf(server, "vercel-ai", 2);
  assert.equal(calls.length, 2, "the outer spans are not counted again");
  calls.forEach(assertChat);
  const [streamed, generated] = calls;
  assert.equal(streamed.streaming, true);
  assert.ok(streamed.ttft_ms >= 0);
  assert.equal(generated.operation, "ask");
  assert.equal(generated.user_id, "u_1");
  assert.equal(generated.session_id, "s_1");
});

test("@langfuse/openai at Langfuse's own path", async () => {
  await sdk("langfuse.mjs");
  const [call] = await callsOf(server, "langfuse", 1);
  assertChat(call);
  assert.equal(call.user_id, "u_2");
  assert.equal(call.session_id, "s_2");
  await eventually(async () => assert.deepEqual((await get(server, `/api/v1/traces/${call.trace_id}`)).trace.tags, ["faq"]));
});

test("@anthropic-ai/sdk, which traces itself", async () => {
  await sdk("anthropic.mjs");
  const [call] = await callsOf(server, "anthropic", 1);
  assert.equal(call.provider, "anthropic");
  assert.equal(call.usage.input_tokens, 2040);
  assert.equal(call.usage.cache_read_tokens, 2000);
  assert.ok(call.cost.cache_read_usd > 0);
});

test("@langfuse/client's scores, in batches and by themselves", async () => {
  const [call] = await callsOf(server, "langfuse", 1);
  const { spans } = await get(server, `/api/v1/traces/${call.trace_id}`);
  const root = spans.find((span) => span.parent_span_id === null);
  const client = new LangfuseClient({ publicKey: "pk-lf-test", secretKey: server.adminKey, baseUrl: server.url });
  client.score.create({ id: "of-the-trace", traceId: call.trace_id, name: "user", value: 0, comment: "slow" });
  client.score.create({ traceId: call.trace_id, observationId: call.span_id, name: "tone", value: "polite" });
  await client.flush();
  // The same id again takes the place of the first.
  assert.deepEqual(await client.api.scores.create({ id: "of-the-trace", traceId: call.trace_id, name: "user", value: 1 }), { id: "of-the-trace" });
  const scoresOf = async (span) => (await get(server, `/api/v1/spans/${call.trace_id}/${span.span_id}`)).scores.map(({ name, value, comment }) => ({ name, value, comment }));
  await eventually(async () => {
    assert.deepEqual(await scoresOf(root), [{ name: "user", value: 1, comment: null }]);
    assert.deepEqual(await scoresOf(call), [{ name: "tone", value: null, comment: "polite" }]);
  });
});

test("what Langfuse's clients find nowhere here is told what to do instead", async () => {
  const client = new LangfuseClient({ publicKey: "pk-lf-test", secretKey: server.adminKey, baseUrl: server.url });
  await assert.rejects(client.api.media.getUploadUrl({ traceId: "0".repeat(31) + "1", contentType: "image/png", contentLength: 4, sha256Hash: "A".repeat(43) + "=", field: "input" }), /LANGFUSE_MEDIA_UPLOAD_ENABLED/);
  await assert.rejects(client.api.prompts.get("greeting"), /Langfuse's own address/);
  await assert.rejects(client.api.scores.create({ traceId: "f".repeat(32), name: "user", value: 1 }), /after its trace/);
});

for (const [flushAt, user] of [["", "u_3"], ["1", "u_4"]]) {
  test(`langfuse, which knows only the older ingestion, ${flushAt === "1" ? "with a request for each event" : "in batches"}`, async () => {
    const session = "of_" + user;
    await run(process.execPath, ["langfuse/legacy.mjs"], { CALLWATCH_TEST_URL: server.url, CALLWATCH_TEST_KEY: server.adminKey, FLUSH_AT: flushAt, LEGACY_USER: user, LEGACY_SESSION: session }, import.meta.dirname);
    // What it told of at first has no end yet, and in requests of their own perhaps no user.
    await eventually(async () => {
      const { items } = await get(server, `/api/v1/calls?app=default&q=${encodeURIComponent(`session:${session}`)}`);
      assert.equal(items.length, 1);
      const [call] = items;
      assertChat(call);
      assert.equal(call.user_id, user);
      const { trace, spans } = await get(server, `/api/v1/traces/${call.trace_id}`);
      assert.deepEqual(spans.map((span) => span.name).sort(), ["answer-question", "llm", "look-up"]);
      assert.deepEqual(trace.tags, ["faq"]);
      assert.deepEqual(spans.map((span) => span.user_id), [user, user, user]);
      assert.equal(spans.find((span) => span.name === "answer-question").scores[0].value, 1);
    });
  });
}

test("all of them together are in the figures", async () => {
  await eventually(async () => {
    const { groups } = await get(server, "/api/v1/stats?by=app");
    assert.deepEqual(Object.fromEntries(groups.map((group) => [group.key.app, group.total.calls])), {
      "otel-openai": 4, "vercel-ai": 2, openinference: 1, langfuse: 1, anthropic: 1, default: 2,
    });
  }, 60_000);
});
