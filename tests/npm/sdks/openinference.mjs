// Arize's OpenInference instrumentation, OTLP/gRPC.
import { NodeSDK } from "@opentelemetry/sdk-node";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OpenAIInstrumentation } from "@arizeai/openinference-instrumentation-openai";
import OpenAI from "openai";

const instrumentation = new OpenAIInstrumentation();
instrumentation.manuallyInstrument(OpenAI);
const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter(), instrumentations: [instrumentation] });
sdk.start();
const openai = new OpenAI({ apiKey: "test", baseURL: process.env.PROVIDER + "/v1", maxRetries: 0 });
await openai.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content: "Does this arrive?" }] });
await sdk.shutdown();
