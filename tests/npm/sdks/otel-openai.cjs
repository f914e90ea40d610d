// @opentelemetry/instrumentation-openai, protobuf over HTTP: the environment says where to. It patches what is required after it.
const { NodeSDK } = require("@opentelemetry/sdk-node");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-proto");
const { OpenAIInstrumentation } = require("@opentelemetry/instrumentation-openai");

const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter(), instrumentations: [new OpenAIInstrumentation()] });
sdk.start();
const OpenAI = require("openai");

async function main() {
  const openai = new OpenAI({ apiKey: "test", baseURL: process.env.PROVIDER + "/v1", maxRetries: 0 });
  await openai.chat.completions.create({ model: "gpt-4o-mini", temperature: 0.2, messages: [{ role: "user", content: "Does this arrive?" }] });
  for await (const _ of await openai.chat.completions.create({ model: "gpt-4o-mini", stream: true, stream_options: { include_usage: true }, messages: [{ role: "user", content: "And in parts?" }] }));
  await openai.embeddings.create({ model: "text-embedding-3-small", input: "Does this arrive?" });
  await openai.chat.completions.create({ model: "always-busy", messages: [{ role: "user", content: "Too much?" }] }).catch(() => {});
  await sdk.shutdown();
}
main();
