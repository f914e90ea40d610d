// Langfuse's own SDK, at its own path and with its own sign-in.
import { NodeSDK } from "@opentelemetry/sdk-node";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { observeOpenAI } from "@langfuse/openai";
import { propagateAttributes, startActiveObservation } from "@langfuse/tracing";
import OpenAI from "openai";

const processor = new LangfuseSpanProcessor({ publicKey: "pk-lf-test", secretKey: process.env.CALLWATCH_TEST_KEY, baseUrl: process.env.CALLWATCH_TEST_URL });
const sdk = new NodeSDK({ spanProcessors: [processor] });
sdk.start();
const openai = observeOpenAI(new OpenAI({ apiKey: "test", baseURL: process.env.PROVIDER + "/v1", maxRetries: 0 }));
await startActiveObservation("answer-question", () =>
  propagateAttributes({ userId: "u_2", sessionId: "s_2", tags: ["faq"] }, () =>
    openai.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content: "Does this arrive?" }] })));
await sdk.shutdown();
