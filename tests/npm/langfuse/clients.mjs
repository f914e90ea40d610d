// Langfuse's own clients as their users set them up: one generation beneath a span, over OTLP, and the same over the old ingestion.
import { NodeSDK } from "@opentelemetry/sdk-node";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { propagateAttributes, startActiveObservation } from "@langfuse/tracing";
import { Langfuse } from "langfuse";

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { baseUrl, publicKey, secretKey } = JSON.parse(text);

const sdk = new NodeSDK({ spanProcessors: [new LangfuseSpanProcessor({ baseUrl, publicKey, secretKey, environment: "production" })], resourceDetectors: [] });
sdk.start();
await propagateAttributes({ userId: "user-42", sessionId: "conv-7", tags: ["faq"], traceName: "answer-question" }, () =>
  startActiveObservation("answer-question", async (root) => {
    root.update({ input: "What is the capital of France?", output: "Paris." });
    await startActiveObservation("llm", async (generation) => {
      generation.update({
        model: "gpt-4o-mini", modelParameters: { temperature: 0.2 }, input: [{ role: "user", content: "What is the capital of France?" }], output: { role: "assistant", content: "Paris." },
        usageDetails: { input: 10, output: 2, total: 12 }, costDetails: { total: 0.000003 }, completionStartTime: new Date(),
      });
    }, { asType: "generation" });
  }));
await sdk.shutdown();

const old = new Langfuse({ baseUrl, publicKey, secretKey, environment: "production", requestTimeout: 300_000 });
const trace = old.trace({ id: "msg-1", name: "message", userId: "user-42", sessionId: "conv-7", tags: ["message"], input: "What is the capital of France?", output: "Paris." });
const generation = trace.generation({ name: "llm", model: "gpt-4o-mini", modelParameters: { temperature: 0.2 }, input: [{ role: "user", content: "Hi" }], promptName: undefined });
generation.end({ output: "Paris.", usageDetails: { input: 10, output: 2 } });
await old.shutdownAsync();
