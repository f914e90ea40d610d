using System.Text;
using Callwatch.Normalize;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Tests.Receive.Otlp;
using Xunit;

namespace Callwatch.Tests.Normalize;

/// <summary>Recorded exports, normalised as the store does it: with the log records that belong to each span.</summary>
internal static class Recorded
{
    public static readonly SpanOrigin Origin = new(1, 7, Timestamp.From(new DateTimeOffset(2026, 12, 31, 0, 0, 0, TimeSpan.Zero)));

    public sealed record Entry(Span Span, SpanContent Content, string Scope);

    public static IReadOnlyList<Entry> Spans(Fixture fixture, SpanNormalizer normalizer)
    {
        var logs = Logs(fixture);
        var entries = new List<Entry>();
        foreach (var payload in Payloads(fixture, "traces"))
        {
            foreach (var span in OtlpSpan.In(payload))
            {
                var own = logs.TryGetValue((span.TraceId, span.SpanId), out var joined) ? joined : [];
                entries.Add(new Entry(normalizer.Normalize(span, Origin, own), normalizer.Content(span, own), Encoding.UTF8.GetString(span.ScopeName)));
            }
        }

        return entries;
    }

    /// <summary>The protobuf messages of a signal, whatever they were sent as.</summary>
    public static IEnumerable<byte[]> Payloads(Fixture fixture, string signal)
    {
        foreach (var request in fixture.Requests.Where(request => request.Signal == signal))
        {
            if (request.Protocol != "http/json")
            {
                yield return request.Message();
                continue;
            }

            Assert.Null(Canonical.Json(request.Message(), signal == "logs" ? OtlpJsonShape.Logs : OtlpJsonShape.Traces, out var message));
            yield return message;
        }
    }

    private static Dictionary<(TraceId, SpanId), List<JoinedLog>> Logs(Fixture fixture)
    {
        var logs = new Dictionary<(TraceId, SpanId), List<JoinedLog>>();
        foreach (var payload in Payloads(fixture, "logs"))
        {
            foreach (var log in OtlpLog.In(payload))
            {
                if (!SpanNormalizer.Joins(log)) continue;
                if (!logs.TryGetValue((log.TraceId, log.SpanId), out var own)) logs[(log.TraceId, log.SpanId)] = own = [];
                own.Add(new JoinedLog(payload, log.Offset));
            }
        }

        return logs;
    }
}
