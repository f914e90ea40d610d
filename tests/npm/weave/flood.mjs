// The benchmark's traces by Weave's own client.
import { flood, settings } from "../workflow.mjs";

Object.assign(process.env, { WANDB_BASE_URL: settings.address, WF_TRACE_SERVER_URL: settings.address + "/weave", WANDB_API_KEY: "0123456789012345678901234567890123456789", WEAVE_PRINT_CALL_LINK: "false" });
const weave = await import("weave");
const client = await weave.init("bench/bench");
let now;
const retrieve = weave.op(async function retrieve(question) { return now.documents; });
const tool = weave.op(async function order_state(order) { return { state: "shipped" }; });
const chat = weave.op(async function chat(messages) {
  const usage = { prompt_tokens: now.tokens.input, completion_tokens: now.tokens.output, total_tokens: now.tokens.input + now.tokens.output };
  return { model: "gpt-4o-mini", choices: [{ index: 0, message: { role: "assistant", content: now.reply }, finish_reason: "stop" }], usage };
}, { summarize: (result) => ({ usage: { [result.model]: { requests: 1, ...result.usage } } }) });
const post = weave.op(async function post_orders() { return { status: 200 }; });
const agent = weave.op(async function support(question) {
  await retrieve(question);
  await tool({ order: "4711" });
  await chat(now.messages);
  await post();
  return now.answer;
});

await flood((run) => agent((now = run).question), () => client.waitForBatchProcessing());
