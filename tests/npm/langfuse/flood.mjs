// The benchmark's traces by Langfuse's own client.
import { NodeSDK } from "@opentelemetry/sdk-node";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { propagateAttributes, startObservation } from "@langfuse/tracing";
import { flood, settings } from "../workflow.mjs";

const processor = new LangfuseSpanProcessor({ baseUrl: settings.address, publicKey: "pk-lf-bench", secretKey: "sk-lf-bench" });
new NodeSDK({ spanProcessors: [processor], resourceDetectors: [] }).start();

await flood((run) => propagateAttributes({ userId: run.user, sessionId: run.session }, () => {
  const root = startObservation("support", { input: run.question, output: run.answer }, { asType: "agent" });
  root.startObservation("retrieve", { input: run.question, output: run.documents }, { asType: "retriever" }).end();
  root.startObservation("order_state", { input: { order: "4711" }, output: { state: "shipped" } }, { asType: "tool" }).end();
  root.startObservation("chat", { model: "gpt-4o-mini", input: run.messages, output: { role: "assistant", content: run.reply }, usageDetails: run.tokens }, { asType: "generation" }).end();
  root.startObservation("POST /orders", { metadata: { status: 200 } }).end();
  root.end();
}), () => processor.forceFlush());
