// Anthropic's SDK traces itself through whatever tracer there is.
import { NodeSDK } from "@opentelemetry/sdk-node";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import Anthropic from "@anthropic-ai/sdk";

const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter() });
sdk.start();
const anthropic = new Anthropic({ apiKey: "test", baseURL: process.env.PROVIDER, maxRetries: 0 });
await anthropic.messages.create({ model: "claude-sonnet-4-5", max_tokens: 100, messages: [{ role: "user", content: "Does this arrive?" }] });
await sdk.shutdown();
