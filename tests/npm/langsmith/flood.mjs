// The benchmark's traces by LangSmith's own client.
import { Client } from "langsmith";
import { traceable } from "langsmith/traceable";
import { flood, settings } from "../workflow.mjs";

process.env.LANGSMITH_TRACING = "true";
const client = new Client({ apiUrl: settings.address + "/langsmith", apiKey: "lsv2_pt_bench" });
const traced = (name, run_type, work, metadata) => traceable(work, { client, project_name: "bench", tracingEnabled: true, name, run_type, metadata });

const retrieve = traced("retrieve", "retriever", async (question, run) => run.documents.map((page_content) => ({ page_content, type: "Document" })));
const tool = traced("order_state", "tool", async () => ({ state: "shipped" }));
const chat = traced("chat", "llm", async (input, reply, tokens) => ({ role: "assistant", content: reply, usage_metadata: { input_tokens: tokens.input, output_tokens: tokens.output, total_tokens: tokens.input + tokens.output } }), { ls_provider: "openai", ls_model_name: "gpt-4o-mini" });
const post = traced("POST /orders", "chain", async () => ({ status: 200 }));
let now;
const agent = traced("support", "chain", async (question) => {
  await retrieve(question, { documents: now.documents });
  await tool({ order: "4711" });
  await chat({ messages: now.messages }, now.reply, now.tokens);
  await post({ path: "/orders" });
  return now.answer;
});

await flood(async (run) => agent((now = run).question), () => client.awaitPendingTraceBatches());
