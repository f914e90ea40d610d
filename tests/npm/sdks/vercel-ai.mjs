// The AI SDK with its telemetry on, OTLP/JSON with gzip.
import { NodeSDK } from "@opentelemetry/sdk-node";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";

const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter({ compression: "gzip" }) });
sdk.start();
const openai = createOpenAI({ apiKey: "test", baseURL: process.env.PROVIDER + "/v1" });
const telemetry = { isEnabled: true, functionId: "ask", metadata: { userId: "u_1", sessionId: "s_1" } };
await generateText({ model: openai.chat("gpt-4o-mini"), prompt: "Does this arrive?", experimental_telemetry: telemetry });
await streamText({ model: openai.chat("gpt-4o-mini"), prompt: "And in parts?", experimental_telemetry: telemetry }).text;
await sdk.shutdown();
