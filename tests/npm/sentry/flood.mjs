// The benchmark's traces by Sentry's own client, as transactions with their spans.
import * as Sentry from "@sentry/node";
import { flood, settings } from "../workflow.mjs";

Sentry.init({
  dsn: settings.address.replace("://", "://0123456789abcdef0123456789abcdef@") + "/1", tracesSampleRate: 1, sendClientReports: false,
  defaultIntegrations: false, transportOptions: { bufferSize: 1000 },
});
const step = (name, op, attributes) => Sentry.startInactiveSpan({ name, op, attributes }).end();

await flood((run) => Sentry.withIsolationScope((scope) => {
  scope.setUser({ id: run.user });
  return Sentry.startNewTrace(() => Sentry.startSpan({ name: "support", op: "gen_ai.invoke_agent", attributes: { "gen_ai.conversation.id": run.session, "input.value": run.question, "output.value": run.answer } }, () => {
    step("retrieve", "db.vector", { "input.value": run.question, "output.value": JSON.stringify(run.documents) });
    step("order_state", "gen_ai.execute_tool", { "gen_ai.tool.name": "order_state", "gen_ai.tool.input": '{"order":"4711"}', "gen_ai.tool.output": '{"state":"shipped"}' });
    step("chat", "gen_ai.chat", {
      "gen_ai.request.model": "gpt-4o-mini", "gen_ai.request.messages": JSON.stringify(run.messages), "gen_ai.response.text": run.reply,
      "gen_ai.usage.input_tokens": run.tokens.input, "gen_ai.usage.output_tokens": run.tokens.output,
    });
    step("POST /orders", "http.client", { "http.request.method": "POST", "url.path": "/orders", "http.response.status_code": 200 });
  }));
}), () => Sentry.flush(30_000));
