// The same span through each of OpenTelemetry's exporters, to the addresses in the input; an export that is refused is an error.
import { SpanStatusCode } from "@opentelemetry/api";
import { OTLPTraceExporter as Grpc } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as Json } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as Protobuf } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

const exporters = { "http/protobuf": Protobuf, "http/json": Json, grpc: Grpc };
let text = "";
for await (const part of process.stdin) text += part;
for (const { protocol, url, headers, compression, resource, attributes } of JSON.parse(text)) {
  // The exporter over gRPC takes headers from its environment only, or as an object of another package.
  process.env.OTEL_EXPORTER_OTLP_HEADERS = Object.entries(headers).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join(",");
  const exporter = new exporters[protocol]({ url, headers, compression });
  const results = [];
  const watched = {
    export: (spans, done) => exporter.export(spans, (result) => {
      results.push(result);
      done(result);
    }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
  const provider = new BasicTracerProvider({ resource: resourceFromAttributes(resource), spanProcessors: [new SimpleSpanProcessor(watched)] });
  const tracer = provider.getTracer("exporters", "1.0.0");
  const parent = tracer.startSpan("parent", { kind: 1, attributes });
  const link = { context: parent.spanContext(), attributes: { why: "test" } };
  const child = tracer.startSpan("chat gpt-4o", { kind: 2, links: [link], attributes: { ...attributes, list: ["a", "b"], count: 3, share: 0.5, flag: true } });
  child.addEvent("gen_ai.choice", { index: 0 });
  child.recordException(new RangeError("out of range"));
  child.setStatus({ code: SpanStatusCode.ERROR, message: "out of range" });
  child.end();
  parent.end();
  await provider.forceFlush();
  await provider.shutdown();
  const failed = results.find((result) => result.code !== 0);
  if (failed || results.length !== 2) throw new Error(`${protocol}: ${failed?.error ?? `${results.length} exports`}`);
}
