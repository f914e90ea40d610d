// The benchmark's traces by Phoenix's own package, which exports in OTLP over protobuf.
import { context, getLLMAttributes, getRetrieverAttributes, getToolAttributes, register, setSession, setUser, trace } from "@arizeai/phoenix-otel";
import { flood, settings } from "../workflow.mjs";

const provider = register({ projectName: "bench", url: settings.address, apiKey: "bench", batch: true, global: true });
const tracer = trace.getTracer("bench", "1.0");

await flood((run) => context.with(setUser(setSession(context.active(), { sessionId: run.session }), { userId: run.user }), () => {
  const root = tracer.startSpan("support", { attributes: { "openinference.span.kind": "AGENT", "input.value": run.question, "output.value": run.answer } });
  const beneath = trace.setSpan(context.active(), root);
  const step = (name, attributes) => tracer.startSpan(name, { attributes }, beneath).end();
  step("retrieve", { "openinference.span.kind": "RETRIEVER", "input.value": run.question, ...getRetrieverAttributes({ documents: run.documents.map((content) => ({ content })) }) });
  step("order_state", { "openinference.span.kind": "TOOL", ...getToolAttributes({ name: "order_state", parameters: { order: "4711" } }), "output.value": '{"state":"shipped"}' });
  step("chat", {
    "openinference.span.kind": "LLM",
    ...getLLMAttributes({
      modelName: "gpt-4o-mini", provider: "openai", inputMessages: run.messages, outputMessages: [{ role: "assistant", content: run.reply }],
      tokenCount: { prompt: run.tokens.input, completion: run.tokens.output, total: run.tokens.input + run.tokens.output },
    }),
  });
  step("POST /orders", { "http.request.method": "POST", "url.path": "/orders", "http.response.status_code": 200 });
  root.end();
}), () => provider.forceFlush());
