using System.Text.Json.Nodes;
using Callwatch.Normalize.Messages;
using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Search.Documents;

/// <summary>
/// Hears one span after another and keeps the words that are to be found: error, names, ids, and of what was said that which is new.
/// What a span repeats of its conversation is found where it was said first.
/// </summary>
internal sealed class SpanListener(SeenMessages seen, SearchMode mode) : IHearSpans
{
    /// <summary>UTF-8 bytes of the text of one span beyond which nothing is indexed.</summary>
    public const int MostNew = 32 * 1024;

    public const int MostFull = 256 * 1024;

    private const int LongestError = 4 * 1024;
    private const int LongestValue = 256;
    private const int MostValues = 64;

    private readonly DocumentText text = new();
    private Span span = null!;
    private ulong owner;
    private ulong session;
    private bool isCall;
    private bool saysSomething;

    /// <summary>The document of the span heard last; null when there is nothing to be found in it.</summary>
    public SearchDocument? Document(long number)
    {
        if (!saysSomething && IsPlain(span)) return null;
        return new SearchDocument(span.TraceId, span.SpanId, span.End, number, text.ToString());
    }

    /// <summary>The words of a log record that came after its span.</summary>
    public string TextOf(in OtlpLog log, int tenantId, int appId)
    {
        text.Begin(mode == SearchMode.Full ? MostFull : MostNew);
        text.Mark(Marks.Tenant(tenantId));
        text.Mark(Marks.App(appId));
        Add(AnyValueJson.ToNode(log.Body));
        foreach (var attribute in log.Attributes)
            if (!attribute.Key.SequenceEqual("event.name"u8)) Add(AnyValueJson.ToNode(attribute.Value));
        return text.ToString();
    }

    public bool Begins(Span begun)
    {
        (span, isCall, saysSomething) = (begun, begun.Call is not null, false);
        owner = Hash.Mix((ulong)span.TenantId, (ulong)span.AppId);
        text.Begin(mode == SearchMode.Full ? MostFull : MostNew);
        text.Mark(Marks.Tenant(span.TenantId));
        text.Mark(Marks.App(span.AppId));
        if (span.Error is { } error)
        {
            text.Add(error.Type);
            text.Add(Cut(error.Message, LongestError));
            text.Add(Cut(error.Stack, LongestError));
        }

        AddNames();
        AddIds();
        return true;
    }

    public void Conversation(ulong first) =>
        session = span.SessionId is { } known ? Hash.Of(known, owner) : first != 0 ? Hash.Mix(owner, first) : Hash.Mix(owner, Hash.Mix(span.TraceId.High, span.TraceId.Low));

    public bool Message(in Said said)
    {
        var isNew = IsNew(said);
        saysSomething = true;
        return (isNew || mode == SearchMode.Full) && !text.IsFull;
    }

    public void Text(ReadOnlySpan<byte> utf8, bool escaped) => text.Add(utf8, escaped);

    private bool IsNew(in Said said)
    {
        // The instructions of an app are found once a day, not with every call that was given them.
        if (said.IsSystem) return seen.Add(Hash.Mix(Hash.Mix(owner, said.Hash), (ulong)(span.End.UnixSeconds / 86_400)));
        var key = Hash.Mix(session, said.Hash);
        // What stands around a call repeats what the call says; it must not take the call's words from it, whichever ends first.
        if (!isCall) return !seen.Has(key) && seen.Add(~key);
        // An answer belongs to the call that gave it, and the newest message to the call that was asked: a short one may well have been said before.
        return seen.Add(key) || said.IsOutput || said.IsLast;
    }

    private void Add(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject pairs:
                foreach (var (_, value) in pairs) Add(value);
                break;
            case JsonArray items:
                foreach (var item in items) Add(item);
                break;
            case JsonValue value when value.TryGetValue(out string? said):
                text.Add(said);
                break;
        }
    }

    private void AddNames()
    {
        text.Add(span.Name);
        if (span.DisplayName != span.Name) text.Add(span.DisplayName);
        if (span.Call is not { } call) return;
        if (call.Operation != span.DisplayName) text.Add(call.Operation);
        text.Add(call.RequestModel);
        if (call.ResponseModel != call.RequestModel) text.Add(call.ResponseModel);
        text.Add(call.PromptName);
        text.Add(call.ResponseId);
    }

    private void AddIds()
    {
        text.Add(Cut(span.UserId, LongestValue));
        text.Add(Cut(span.SessionId, LongestValue));
        foreach (var key in span.RecordKeys) text.Add(key);
        foreach (var tag in span.Tags.Take(MostValues)) text.Add(Cut(tag, LongestValue));
        foreach (var value in span.Metadata.Values.Take(MostValues)) text.Add(Cut(value, LongestValue));
    }

    // The hops of plain telemetry below a root say nothing but their name, and there are many of them.
    private static bool IsPlain(Span span) =>
        span is { Kind: SpanKind.Other or SpanKind.Http or SpanKind.Db or SpanKind.Messaging, Error: null, Call: null, UserId: null, SessionId: null, Tags.Count: 0, Metadata.Count: 0 }
        && !span.ParentSpanId.IsNone;

    private static string? Cut(string? value, int most) => value is null ? null : Texts.Cut(value, most);
}
