// Opik's own client as its users set it up: a trace, a call beneath it, a score.
import { Opik } from "opik";

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { apiUrl, apiKey, workspaceName, projectName } = JSON.parse(text);

const opik = new Opik({ apiUrl, apiKey, workspaceName, projectName });
const trace = opik.trace({ name: "message", input: { input: "What is the capital of France?" }, output: { output: "Paris." }, metadata: { user_id: "user-42" }, tags: ["message"], threadId: "conv-7" });
const span = trace.span({
  name: "llm", type: "llm", model: "gpt-4o-mini", provider: "openai", input: { messages: [{ role: "user", content: "What is the capital of France?" }] },
  output: { messages: [{ role: "assistant", content: "Paris." }] }, usage: { prompt_tokens: 14, completion_tokens: 2, total_tokens: 16 }, totalEstimatedCost: 0.000003,
});
trace.score({ name: "user", value: 1, reason: "That helped." });
span.end();
trace.end();
await opik.flush();
