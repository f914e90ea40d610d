// A chain with a retrieval, a call and a failed tool, traced by LangSmith's own client; the address and key come from standard input.
import { readFileSync } from "node:fs";
import { Client } from "langsmith";
import { traceable } from "langsmith/traceable";

const { endpoint, key } = JSON.parse(readFileSync(0, "utf8"));
process.env.LANGSMITH_TRACING = "true";
const client = new Client({ apiUrl: endpoint, apiKey: key, timeout_ms: 300_000 });
const options = { client, project_name: "official", tracingEnabled: true };

const search = traceable(async () => [{ page_content: "Paris is the capital of France.", type: "Document", metadata: { id: "doc-1" } }], { ...options, name: "search", run_type: "retriever" });
const ask = traceable(
  async () => ({ role: "assistant", content: "Paris.", usage_metadata: { input_tokens: 14, output_tokens: 2, total_tokens: 16 } }),
  { ...options, name: "ask", run_type: "llm", metadata: { ls_provider: "openai", ls_model_name: "gpt-4o-mini" } });
const mail = traceable(async () => { throw new Error("SMTP 550"); }, { ...options, name: "mail", run_type: "tool" });
let runId;
const answer = traceable(async (question) => {
  await search(question);
  const found = await ask({ messages: [{ role: "user", content: question }] });
  await mail({ to: "a@example.com" }).catch(() => {});
  return found.content;
}, { ...options, name: "answer", run_type: "chain", tags: ["faq"], metadata: { session_id: "conv-7", user_id: "user-42" }, on_end: (run) => (runId = run.id) });

await answer("What is the capital of France?");
await client.awaitPendingTraceBatches();
await client.createFeedback(runId, "quality", { score: 0.9, comment: "good", traceId: runId, extendTraceRetention: false, sessionId: "8a6e1b9c-3f42-4c7d-9b10-77d0c1e2f3a4", startTime: new Date().toISOString() });
console.log(JSON.stringify({ runId }));
