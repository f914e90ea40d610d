using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>Traces of 10,000 spans, as applications might send them.</summary>
public static class BigTraces
{
    public const int Count = 10_000;

    /// <summary>10,000 calls without a parent; 7 of them failed.</summary>
    public const string Flat = "f1000000000000000000000000000001";

    /// <summary>One span beneath the other; the last failed.</summary>
    public const string Deep = "d1000000000000000000000000000001";

    /// <summary>A root over 40 agents of 100 calls each, a step with 3,000 tools, and a way down of 2,958 levels; 3 failed, one in each.</summary>
    public const string Mixed = "a1000000000000000000000000000001";

    /// <summary>1,500 spans: 700 tools beneath a root, and a way down of 799 levels.</summary>
    public const string Lesser = "b1000000000000000000000000000001";

    public const int LesserCount = 1_500;

    public static async Task SendAsync(HttpClient http, CancellationToken cancel)
    {
        await SendAsync(http, Lesser, id => id is 1 ? 0 : id <= 702 ? 1 : id - 1, id => id == LesserCount, cancel, LesserCount);
        await SendAsync(http, Flat, id => 0, id => id % 1_400 == 0, cancel);
        await SendAsync(http, Deep, id => id - 1, id => id == Count, cancel);
        await SendAsync(http, Mixed, MixedParent, id => id is 2_222 or 6_543 or Count, cancel);
    }

    public static string SpanId(int id) => id.ToString("x16", CultureInfo.InvariantCulture);

    private static int MixedParent(int id) => id switch
    {
        1 => 0,
        <= 41 => 1,
        <= 4_041 => 2 + ((id - 42) / 100),
        4_042 => 1,
        <= 7_042 => 4_042,
        7_043 => 1,
        _ => id - 1,
    };

    private static async Task SendAsync(HttpClient http, string trace, Func<int, int> parent, Func<int, bool> failed, CancellationToken cancel, int count = Count)
    {
        var now = (TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 60_000) * 1_000_000;
        foreach (var batch in Enumerable.Range(1, count).Chunk(2_500))
        {
            var body = new StringBuilder("""{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"batch"}}]},"scopeSpans":[{"spans":[""");
            foreach (var id in batch)
            {
                // The deeper the later they begin and the earlier they end.
                var (start, end) = trace == Deep ? (id * 1_000_000L, 40_000_000_000 - (id * 1_000_000L)) : (id * 1_000_000L, (id * 1_000_000L) + 5_000_000 + (id * 7_919L % 1_000 * 1_000_000));
                var (above, call) = (parent(id), id > 41 && id <= 4_041);
                if (id != batch[0]) body.Append(',');
                body.Append(CultureInfo.InvariantCulture, $$"""{"traceId":"{{trace}}","spanId":"{{SpanId(id)}}","parentSpanId":"{{(above == 0 ? "" : SpanId(above))}}","name":"{{(call ? "chat gpt-4o-mini" : "step " + (id % 50).ToString(CultureInfo.InvariantCulture))}}","kind":3,"startTimeUnixNano":"{{now + start}}","endTimeUnixNano":"{{now + end}}",""");
                if (failed(id)) body.Append("""
                    "status":{"code":2,"message":"it broke"},
                    """);
                body.Append("\"attributes\":[");
                if (call) body.Append(CultureInfo.InvariantCulture, $$$"""
                    {"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},{"key":"gen_ai.request.model","value":{"stringValue":"gpt-4o-mini"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"{{{id}}}"}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":"20"}}
                    """);
                body.Append("]}");
            }

            body.Append("]}]}]}");
            using var content = new StringContent(body.ToString(), Encoding.UTF8);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await http.PostAsync("/v1/traces", content, cancel);
            answer.EnsureSuccessStatusCode();
        }
    }
}
