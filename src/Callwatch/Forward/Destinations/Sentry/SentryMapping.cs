using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>Errors as events; runs as transactions, one for each span whose parent is not here. Pure.</summary>
internal static class SentryMapping
{
    public const string Event = "event";
    public const string Transaction = "transaction";

    /// <summary>Most spans beneath the first of a transaction.</summary>
    public const int MostSpans = 1_000;

    /// <summary>Of an item; a larger one loses the whole envelope.</summary>
    private const int MostBytes = 1_000_000;

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, SentryOptions options)
    {
        var items = new List<OutboundItem>();
        if (!options.ErrorsOnly && SentryText.Draw(anchor.TraceId) < options.TracesSampleRate)
            items.AddRange(SentryTransactions.Parts(trace.Spans).Select(part => Item(Transaction, SentryTransactions.Id(trace, part[0]), part, SentryTransactions.Of(trace, part, anchor, options))));
        items.AddRange(SentryEvents.Failures(trace.Spans).Select(chain => Item(Event, SentryEvents.Id(chain[0]), [chain[0]], SentryEvents.Of(chain, anchor, options))));
        return items;
    }

    /// <summary>What events and transactions have in common.</summary>
    public static JsonObject Common(string id, SpanToSend span, Anchor anchor, SentryOptions options)
    {
        var json = new JsonObject { ["event_id"] = id, ["platform"] = "csharp" };
        if ((options.Release ?? span.Span.Release ?? anchor.Release) is { } release && SentryText.IsRelease(release)) json["release"] = release;
        var environment = options.Environment ?? span.Span.Environment ?? anchor.Environment;
        json["environment"] = environment is not null && SentryText.IsEnvironment(environment) ? environment : "production";
        json["sdk"] = new JsonObject { ["name"] = "callwatch.dotnet", ["version"] = options.Version };
        var tags = new JsonObject();
        SentryText.AddTag(tags, "app", span.App);
        SentryText.AddTag(tags, "kind", span.Span.Kind.Word());
        SentryText.AddTag(tags, "node_type", SentryOps.NodeType(span));
        SentryText.AddTag(tags, "provider", span.Span.Call?.Provider);
        SentryText.AddTag(tags, "model", span.Span.Call?.Model);
        foreach (var tag in anchor.Tags.Take(20)) SentryText.AddTag(tags, "tag." + tag, "yes");
        json["tags"] = tags;
        if (options.SendPii && (span.Span.UserId ?? anchor.UserId) is { } user) json["user"] = new JsonObject { ["id"] = SentryText.Cut(user, 200) };
        return json;
    }

    /// <summary>The context that ties an event or a transaction to its span.</summary>
    public static JsonObject Trace(SpanToSend span)
    {
        var op = SentryOps.Of(span);
        var context = new JsonObject { ["trace_id"] = span.Span.TraceId.ToString(), ["span_id"] = span.Span.SpanId.ToString() };
        if (!span.Span.ParentSpanId.IsNone) context["parent_span_id"] = span.Span.ParentSpanId.ToString();
        context["op"] = op;
        context["status"] = SentryOps.Status(span.Span);
        return context;
    }

    private static OutboundItem Item(string route, string id, IReadOnlyList<SpanToSend> spans, JsonObject json)
    {
        var payload = Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options));
        return new OutboundItem
        {
            Route = route,
            TraceId = spans[0].Span.TraceId,
            SpanIds = [.. spans.Select(span => span.Span.SpanId)],
            Id = id,
            Payload = payload.AsMemory(0, JsonCut.Cut(payload, MostBytes)),
        };
    }
}
