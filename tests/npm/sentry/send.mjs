// An error with its cause and a transaction with a span beneath, sent by Sentry's own client; the DSN comes from standard input.
import { readFileSync } from "node:fs";
import * as Sentry from "@sentry/node";

const { dsn } = JSON.parse(readFileSync(0, "utf8"));
Sentry.init({
  dsn, environment: "production", release: "shop@1.4.2", tracesSampleRate: 1, sendClientReports: false,
  defaultIntegrations: false, integrations: [Sentry.linkedErrorsIntegration()],
});

await Sentry.startSpan({ name: "answer", op: "gen_ai.invoke_agent" }, async () => {
  await Sentry.startSpan({ name: "chat gpt-4o-mini", op: "gen_ai.chat", attributes: { "gen_ai.request.model": "gpt-4o-mini" } }, async () => {});
  Sentry.captureException(new Error("The mail could not be sent", { cause: new TypeError("SMTP 550") }));
});
if (!(await Sentry.flush(300_000))) throw new Error("not all was sent");
// The client's own clock for that would keep the process for as long.
process.exit(0);
