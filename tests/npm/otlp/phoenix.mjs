// Spans as Phoenix's own package writes them: the call, tool and retrieval that the tests describe in the input. Prints nothing; a failed export is an error.
import {
  context, getEmbeddingAttributes, getLLMAttributes, getRetrieverAttributes, getToolAttributes, register, setSession, SpanStatusCode, trace, withSpan,
} from "@arizeai/phoenix-otel";

let text = "";
for await (const part of process.stdin) text += part;
const { url, apiKey, headers, project, call } = JSON.parse(text);
const provider = register({ projectName: project, url, apiKey, headers, batch: false, global: true });
const tracer = trace.getTracer("@arizeai/phoenix-otel", "2.1.0");

function span(name, attributes, status = { code: SpanStatusCode.OK }) {
  const one = tracer.startSpan(name, { attributes });
  one.setStatus(status);
  if (status.code === SpanStatusCode.ERROR) one.recordException(new RangeError(status.message));
  one.end();
}

span("llm", { "openinference.span.kind": "LLM", ...getLLMAttributes(call) });
span("tool", { "openinference.span.kind": "TOOL", ...getToolAttributes({ name: "get_weather", description: "Weather of a city", parameters: { city: "Paris" } }) });
span("retrieval", { "openinference.span.kind": "RETRIEVER", ...getRetrieverAttributes({ documents: [{ id: "doc-1", content: "Two days.", score: 0.91, metadata: { source: "terms.md" } }] }) });
span("embedding", { "openinference.span.kind": "EMBEDDING", ...getEmbeddingAttributes({ modelName: "text-embedding-3-small", embeddings: [{ text: "Does this arrive?" }] }) });
span("failed", { "openinference.span.kind": "CHAIN" }, { code: SpanStatusCode.ERROR, message: "502 Bad Gateway" });
const chain = withSpan(async (question) => "Paris." + question.length, { name: "chain", kind: "CHAIN" });
await context.with(setSession(context.active(), { sessionId: "conv-7" }), () => chain("What is the capital of France?"));
await provider.forceFlush();
await provider.shutdown();
