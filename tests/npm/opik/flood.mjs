// The benchmark's traces by Opik's own client.
import { flood, settings } from "../workflow.mjs";

process.env.OPIK_LOG_LEVEL = "ERROR";
const { Opik } = await import("opik");
const opik = new Opik({ apiUrl: settings.address + "/opik/api", apiKey: "bench", workspaceName: "default", projectName: "bench" });

await flood((run) => {
  const trace = opik.trace({ name: "support", input: { input: run.question }, output: { output: run.answer }, metadata: { user_id: run.user }, threadId: run.session });
  trace.span({ name: "retrieve", type: "general", input: { input: run.question }, output: { documents: run.documents } }).end();
  trace.span({ name: "order_state", type: "tool", input: { order: "4711" }, output: { state: "shipped" } }).end();
  trace.span({
    name: "chat", type: "llm", model: "gpt-4o-mini", provider: "openai", input: { messages: run.messages }, output: { messages: [{ role: "assistant", content: run.reply }] },
    usage: { prompt_tokens: run.tokens.input, completion_tokens: run.tokens.output, total_tokens: run.tokens.input + run.tokens.output },
  }).end();
  trace.span({ name: "POST /orders", type: "general", metadata: { status: 200 } }).end();
  trace.end();
}, () => opik.flush());
