// Two calls, one beneath the other, and one that fails, traced by Weave's own client; the address and key come from standard input.
import { readFileSync } from "node:fs";

const { host, endpoint, key } = JSON.parse(readFileSync(0, "utf8"));
Object.assign(process.env, { WANDB_BASE_URL: host, WF_TRACE_SERVER_URL: endpoint, WANDB_API_KEY: key, WEAVE_PRINT_CALL_LINK: "false" });
const weave = await import("weave");
const client = await weave.init("acme/official");

const ask = weave.op(async function ask(question) {
  return { model: "gpt-4o-mini", choices: [{ index: 0, message: { role: "assistant", content: "Paris." }, finish_reason: "stop" }], usage: { prompt_tokens: 14, completion_tokens: 2, total_tokens: 16 } };
}, { summarize: (result) => ({ usage: { [result.model]: { requests: 1, ...result.usage } } }) });
const mail = weave.op(async function mail() { throw new Error("SMTP 550"); });
const answer = weave.op(async function answer(question) {
  const found = await ask(question);
  await mail({ to: "a@example.com" }).catch(() => {});
  return found.choices[0].message.content;
});

await answer("What is the capital of France?");
await client.waitForBatchProcessing();
