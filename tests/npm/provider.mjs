// A model provider on loopback with fixed answers: the parts of OpenAI's and Anthropic's HTTP APIs that the tests call.
import { createServer } from "node:http";

export const answer = "Callwatch received it.";
const usage = { prompt_tokens: 57, completion_tokens: 23, total_tokens: 80, prompt_tokens_details: { cached_tokens: 0 } };

export async function startProvider() {
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const body = text ? JSON.parse(text) : {};
    const reply = (status, json, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(json));
    };
    if (body.model === "always-busy") return reply(429, { error: { message: "Rate limit reached", type: "rate_limit", code: "rate_limit_exceeded" } }, { "retry-after": "0" });
    if (request.url.endsWith("/chat/completions")) return body.stream ? stream(response, body) : reply(200, completion(body));
    if (request.url.endsWith("/embeddings")) return reply(200, embeddings(body));
    if (request.url.endsWith("/messages")) return reply(200, message(body));
    reply(404, { error: { message: "no such path" } });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

function completion({ model }) {
  return {
    id: "chatcmpl-test", object: "chat.completion", created: 1789000000, model: `${model}-2024-07-18`,
    choices: [{ index: 0, message: { role: "assistant", content: answer, refusal: null }, logprobs: null, finish_reason: "stop" }], usage,
  };
}

function stream(response, { model }) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (delta, rest = {}) => response.write(`data: ${JSON.stringify({ id: "chatcmpl-test", object: "chat.completion.chunk", created: 1789000000, model: `${model}-2024-07-18`, choices: [{ index: 0, delta, finish_reason: null }], ...rest })}\n\n`);
  send({ role: "assistant", content: "" });
  for (const word of answer.split(" ")) send({ content: word + " " });
  response.write(`data: ${JSON.stringify({ id: "chatcmpl-test", object: "chat.completion.chunk", created: 1789000000, model: `${model}-2024-07-18`, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\n`);
  response.write(`data: ${JSON.stringify({ id: "chatcmpl-test", object: "chat.completion.chunk", created: 1789000000, model: `${model}-2024-07-18`, choices: [], usage })}\n\n`);
  response.end("data: [DONE]\n\n");
}

function embeddings({ model, input, encoding_format }) {
  const vector = [0.25, -0.5, 0.75];
  const embedding = encoding_format === "base64" ? Buffer.from(new Float32Array(vector).buffer).toString("base64") : vector;
  return { object: "list", model, data: [input].flat().map((_, index) => ({ object: "embedding", index, embedding })), usage: { prompt_tokens: 9, total_tokens: 9 } };
}

function message({ model }) {
  return {
    id: "msg_test", type: "message", role: "assistant", model, content: [{ type: "text", text: answer }], stop_reason: "end_turn", stop_sequence: null,
    usage: { input_tokens: 40, cache_creation_input_tokens: 0, cache_read_input_tokens: 2000, output_tokens: 23 },
  };
}
