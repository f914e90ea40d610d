// The runs of a workflow that the benchmark "forward" carries, for the platforms' own clients to send: an agent that looks something up, uses a tool and asks a model.
import { readFileSync } from "node:fs";

const words = "the refund for your order was sent on monday and should arrive within five working days please check account again".split(" ");
const text = (count) => Array.from({ length: count }, () => words[Math.floor(Math.random() * words.length)]).join(" ");

export const run = () => ({
  user: "user-" + Math.floor(Math.random() * 500),
  session: "session-" + Math.floor(Math.random() * 1000),
  question: text(20),
  documents: [text(80), text(80)],
  messages: Array.from({ length: 6 }, (_, turn) => ({ role: turn % 2 === 0 ? "user" : "assistant", content: text(100) })),
  reply: text(60),
  answer: text(60),
  tokens: { input: 600 + Math.floor(Math.random() * 300), output: 50 + Math.floor(Math.random() * 150) },
});

export const settings = JSON.parse(readFileSync(0, "utf8"));

// In groups, each flushed before the next begins: clients that are given more than their queue holds drop it without a word.
export async function flood(send, flush) {
  const group = 100;
  const all = async (traces) => {
    for (let sent = 0; sent < traces; sent += group) {
      for (let i = 0; i < group; i++) await send(run());
      await flush();
    }
  };
  await all(500);
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  await all(settings.traces);
  const { user, system } = process.cpuUsage(cpu);
  console.log("RESULT " + JSON.stringify({ seconds: (performance.now() - start) / 1000, cpuMicroseconds: user + system }));
  process.exit(0);
}
