// Langfuse's older client, as programs from before OpenTelemetry use it: it knows only /api/public/ingestion.
import { Langfuse } from "langfuse";

// With a request for each event several of them are under way at once, and overtake each other.
const flushAt = process.env.FLUSH_AT ? Number(process.env.FLUSH_AT) : undefined;
const langfuse = new Langfuse({ baseUrl: process.env.CALLWATCH_TEST_URL, publicKey: "pk-callwatch", secretKey: process.env.CALLWATCH_TEST_KEY, flushAt, requestTimeout: 300_000 });
const [user, session] = [process.env.LEGACY_USER, process.env.LEGACY_SESSION];
const trace = langfuse.trace({ name: "answer-question", userId: user, sessionId: session, tags: ["faq"], input: "Does this arrive?" });
const span = trace.span({ name: "look-up", input: { word: "this" } });
const generation = span.generation({ name: "llm", model: "gpt-4o-mini", modelParameters: { temperature: 0.2 }, input: [{ role: "user", content: "Does this arrive?" }] });
// Sent already when it is told how it ended: the update comes in a request of its own.
await langfuse.flushAsync();
generation.end({ output: { role: "assistant", content: "It does." }, usageDetails: { input: 57, output: 23 } });
span.end({ output: "found" });
trace.update({ output: "It does." });
trace.score({ name: "user", value: 1 });
await langfuse.shutdownAsync();
